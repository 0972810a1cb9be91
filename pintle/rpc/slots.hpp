// Values that layers, handlers and callers hang on a call by their type: a tenant, a span, a quota ticket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#include <pintle/async/frames.hpp>

namespace pintle {

class SlotStore;

namespace detail {
template <class T>
inline constexpr char kTypeMark = 0;
// One address per type: what a slot is found by.
template <class T>
constexpr const void* type_key() {
  return &kTypeMark<T>;
}
}  // namespace detail

// Which slots the calls of one chain have, and where in memory. Filled while the chain is built, never changed after.
class SlotLayout {
 public:
  static constexpr std::size_t kMax = 64;
  struct Entry {
    const void* type;
    std::size_t offset;
    void (*destroy)(void*) noexcept;
  };

  // The number of the slot for a T: one per type, whoever asks. Throws std::length_error above kMax.
  template <class T>
  std::size_t number() {
    static_assert(alignof(T) <= alignof(std::max_align_t), "a slot has the alignment of malloc");
    static_assert(std::is_nothrow_destructible_v<T>);
    return number(detail::type_key<T>(), sizeof(T), alignof(T),
                  [](void* object) noexcept { std::destroy_at(static_cast<T*>(object)); });
  }
  const std::vector<Entry>& entries() const { return entries_; }
  std::size_t bytes() const { return bytes_; }

 private:
  std::size_t number(const void* type, std::size_t size, std::size_t alignment, void (*destroy)(void*) noexcept);
  std::vector<Entry> entries_;
  std::size_t bytes_ = 0;
};

// The slots of one call. Empty they cost nothing; the first value takes memory from the loop's recycled frames. Loop's
// thread only.
class SlotStore {
 public:
  SlotStore() = default;
  SlotStore(const SlotStore&) = delete;
  ~SlotStore() { clear(); }

  // REQUIRES: no value is set. `layout` outlives the store.
  void use(const SlotLayout* layout) noexcept { layout_ = layout; }
  const SlotLayout* layout() const noexcept { return layout_; }

  void* at(std::size_t number) const noexcept {
    return (set_ >> number & 1) != 0 ? memory_ + layout_->entries()[number].offset : nullptr;
  }
  // By type; null when there is no such slot or nothing in it.
  void* find(const void* type) const noexcept;
  template <class T, class... Args>
  T& emplace(std::size_t number, Args&&... args) {
    if (memory_ == nullptr) memory_ = static_cast<std::byte*>(detail::Frames::allocate(layout_->bytes()));
    const SlotLayout::Entry& entry = layout_->entries()[number];
    if (void* old = at(number)) {
      set_ &= ~(std::uint64_t{1} << number);
      entry.destroy(old);
    }
    T* made = new (memory_ + entry.offset) T(std::forward<Args>(args)...);
    set_ |= std::uint64_t{1} << number;
    return *made;
  }
  void clear() noexcept {
    if (memory_ != nullptr) [[unlikely]]
      destroy();
  }

 private:
  void destroy() noexcept;

  const SlotLayout* layout_ = nullptr;
  std::byte* memory_ = nullptr;
  std::uint64_t set_ = 0;  // a bit per slot that holds a value
};

// A value that a caller gave its call (CallOptions::with()), and the ones before it.
struct CallValue {
  CallValue(const void* t, std::shared_ptr<const void> o, std::shared_ptr<const CallValue> n)
      : type(t), object(std::move(o)), next(std::move(n)) {}
  const void* type;
  std::shared_ptr<const void> object;
  std::shared_ptr<const CallValue> next;
};

}  // namespace pintle

// Memory of coroutine frames: per thread, in size classes of 64 bytes, used again and again.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

namespace pintle::detail {

// Free memory in classes of size. One thread. What it keeps is bounded by what was once used at the same time, until
// halve() gives back of what was not used since. It has no destructor, so that a thread's needs no guard: clear() it.
class FramePool {
 public:
  constexpr FramePool() = default;
  FramePool(const FramePool&) = delete;

  void* allocate(std::size_t size) {
    void* spare = take(size);
    return spare != nullptr ? spare : make(size);
  }
  // Null: there is none to spare.
  void* take(std::size_t size) noexcept {
    const std::size_t c = class_of(size);
    if (c >= kClasses || free_[c] == nullptr) [[unlikely]]
      return nullptr;
    Node* node = free_[c];
    free_[c] = node->next;
    if (--spare_ < unused_) unused_ = spare_;
    return node;
  }
  // A new one, which release() takes.
  static void* make(std::size_t size) {
    const std::size_t c = class_of(size);
    return ::operator new(c >= kClasses ? size : c * kStep);
  }
  void release(void* frame, std::size_t size) noexcept {
    const std::size_t c = class_of(size);
    if (c >= kClasses) return ::operator delete(frame);
    free_[c] = new (frame) Node{free_[c]};
    ++spare_;
  }

  // Gives back all that is spare.
  void clear() noexcept { drop(1, 1); }
  // So many frames stay.
  static constexpr std::size_t kFloor = 1024;
  bool above_floor() const noexcept { return spare_ > kFloor; }
  std::size_t spare() const noexcept { return spare_; }
  // Gives back half of what was not used since the last call, of each class its share.
  void halve() noexcept {
    if (above_floor()) drop(std::min(unused_, spare_ - kFloor), 2 * spare_);
    unused_ = spare_;
  }

 private:
  struct Node {
    Node* next;
  };
  static constexpr std::size_t kClasses = 64, kStep = 64;
  static constexpr std::size_t class_of(std::size_t size) { return (size + kStep - 1) / kStep; }

  // The share `part / whole` of each class, rounded up.
  void drop(std::size_t part, std::size_t whole) noexcept {
    for (Node*& head : free_) {
      std::size_t count = 0;
      for (const Node* node = head; node != nullptr; node = node->next) ++count;
      for (std::size_t left = (count * part + whole - 1) / whole; left > 0; --left, --spare_)
        ::operator delete(std::exchange(head, head->next));
    }
  }

  std::array<Node*, kClasses> free_{};
  std::size_t spare_ = 0;   // frames in all classes
  std::size_t unused_ = 0;  // the fewest there were since the last halve()
};

// A frame is freed on the thread that runs it, which is the one that made it: no locks. Loops halve their thread's pool
// while it is above its floor; the rest is given back when the thread ends. Sanitizer builds go to malloc, so that they
// see each frame's life.
class Frames {
 public:
  static void* allocate(std::size_t size) {
    if (!kPooled) return ::operator new(size);
    void* spare = here().take(size);
    if (spare != nullptr) [[likely]]
      return spare;
    return make(size);
  }
  static void release(void* frame, std::size_t size) noexcept {
    return kPooled ? here().release(frame, size) : ::operator delete(frame);
  }
  // Of the calling thread.
  static FramePool& here() {
    static constinit thread_local FramePool pool;
    return pool;
  }

 private:
  struct AtThreadEnd {
    ~AtThreadEnd() { here().clear(); }
  };
  // Every frame of a thread is made here once.
  [[gnu::noinline]] static void* make(std::size_t size) {
    [[maybe_unused]] static thread_local AtThreadEnd here_too;
    return FramePool::make(size);
  }

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PINTLE_FRAMES_UNPOOLED
#endif
#endif
#ifdef PINTLE_FRAMES_UNPOOLED
  static constexpr bool kPooled = false;
#undef PINTLE_FRAMES_UNPOOLED
#else
  static constexpr bool kPooled = true;
#endif
};

}  // namespace pintle::detail

#include <pintle/rpc/slots.hpp>

#include <bit>
#include <stdexcept>

namespace pintle {

std::size_t SlotLayout::number(const void* type, std::size_t size, std::size_t alignment,
                               void (*destroy)(void*) noexcept) {
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].type == type) return i;
  if (entries_.size() == kMax) throw std::length_error("a chain has room for 64 slots");
  const std::size_t offset = (bytes_ + alignment - 1) / alignment * alignment;
  entries_.push_back({type, offset, destroy});
  bytes_ = offset + size;
  return entries_.size() - 1;
}

void* SlotStore::find(const void* type) const noexcept {
  if (set_ == 0) return nullptr;
  const auto& entries = layout_->entries();
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (entries[i].type == type) return at(i);
  return nullptr;
}

void SlotStore::destroy() noexcept {
  for (; set_ != 0; set_ &= set_ - 1) {
    const auto& entry = layout_->entries()[static_cast<std::size_t>(std::countr_zero(set_))];
    entry.destroy(memory_ + entry.offset);
  }
  detail::Frames::release(std::exchange(memory_, nullptr), layout_->bytes());
}

}  // namespace pintle

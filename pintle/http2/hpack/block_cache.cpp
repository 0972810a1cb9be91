#include <pintle/http2/hpack/internal/block_cache.hpp>

#include <cstring>
#include <utility>

namespace pintle::http2::hpack {

// Slots of different ids stay apart: a longer mask only tells more of them apart.
void BlockCache::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  mask_ = static_cast<std::uint32_t>(slots_.size()) - 1;
  for (Slot& s : old) {
    if (s.version != 0) slots_[s.id & mask_] = std::move(s);
  }
}

void BlockCache::keep(std::uint32_t id, std::uint64_t version, std::span<const std::byte> bytes) {
  if (bytes.size() > kMaxBytes) return;
  const auto taken = [this, id] {
    const Slot& s = slots_[id & mask_];
    return s.version != 0 && s.id != id;
  };
  while (taken() && slots_.size() < kMaxSlots) grow();
  Slot& s = slots_[id & mask_];
  s.id = id;
  s.version = version;
  s.size = static_cast<std::uint32_t>(bytes.size());
  if (s.size <= kInline) {
    if (s.size != 0) std::memcpy(s.bytes, bytes.data(), s.size);
    return;
  }
  if (s.capacity < s.size) {
    s.more = std::make_unique_for_overwrite<std::byte[]>(s.size);
    s.capacity = s.size;
  }
  std::memcpy(s.more.get(), bytes.data(), s.size);
}

}  // namespace pintle::http2::hpack

// The bytes of prepared blocks, by block id, each good for one version of the encoder's table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace pintle::http2::hpack {

// Each id has one slot, found by its low bits: ids come from counters. Ids that collide make the cache grow, up to
// kMaxSlots; from there on they take each other's place.
class BlockCache {
 public:
  static constexpr std::uint32_t kInline = 16;

  struct Slot {
    std::uint64_t version = 0;  // 0: none
    std::uint32_t id = 0;
    std::uint32_t size = 0;
    std::byte bytes[kInline];  // when they fit
    std::unique_ptr<std::byte[]> more;
    std::uint32_t capacity = 0;
  };

  BlockCache() : slots_(kFirstSlots) {}

  // What was kept for this block under this version, or null. REQUIRES: version != 0.
  const Slot* find(std::uint32_t id, std::uint64_t version) const {
    const Slot& s = slots_[id & mask_];
    return s.id == id && s.version == version ? &s : nullptr;
  }

  // REQUIRES: version != 0. Blocks longer than kMaxBytes are not kept.
  void keep(std::uint32_t id, std::uint64_t version, std::span<const std::byte> bytes);

 private:
  static constexpr std::uint32_t kFirstSlots = 4, kMaxSlots = 256, kMaxBytes = 1024;

  void grow();

  std::vector<Slot> slots_;
  std::uint32_t mask_ = kFirstSlots - 1;
};

}  // namespace pintle::http2::hpack

// The field sections that header blocks stand for, and those that repeat, so that they are decoded and checked once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include <pintle/http2/header.hpp>
#include <pintle/http2/internal/header_rules.hpp>

namespace pintle::http2 {

// One field section, and what the rules say of it in each place where it was met.
struct Section {
  HeaderList fields;
  std::optional<HeadVerdict> as_head;
  std::optional<bool> as_trailers;

  void clear() {
    fields.clear();
    as_head.reset();
    as_trailers.reset();
  }
};

// A short block of nothing but one-byte indices into the tables changes none of them, and means the same as long as
// nothing else does. A section is good until the next one is decoded.
class Sections {
 public:
  static constexpr std::size_t kLongest = 16;  // bytes of a block that is remembered

  // What this block stood for when the decoder's table was the same; null when that is not known.
  Section* find(std::span<const std::byte> block, std::uint64_t version) {
    if (block.empty() || block.size() > kLongest) return nullptr;
    const Key key = key_of(block, version);
    Known& known = known_[slot_of(key)];
    return known.key == key ? &known.section : nullptr;
  }
  // An empty one to decode the next block into.
  Section& fresh() {
    fresh_.clear();
    return fresh_;
  }
  // `block` was decoded into fresh(): remembers it, when it is one that may repeat. The section stays good.
  Section& keep(std::span<const std::byte> block, std::uint64_t version) {
    if (block.empty() || block.size() > kLongest) return fresh_;
    for (const std::byte b : block) {
      if ((b & kIndexed) == std::byte{0} || b == kLongIndex) return fresh_;
    }
    const Key key = key_of(block, version);
    Known& known = known_[slot_of(key)];
    known.key = key;
    std::swap(known.section, fresh_);
    return known.section;
  }

 private:
  static constexpr std::byte kIndexed{0x80}, kLongIndex{0xff};  // RFC 7541 section 6.1
  static constexpr std::size_t kSlots = 8;

  // The block's bytes in two words: of two blocks that are equally long, no others have the same.
  struct Key {
    std::uint64_t low = 0, high = 0, version = 0;
    std::size_t size = 0;
    bool operator==(const Key&) const = default;
  };
  struct Known {
    Key key;
    Section section;
  };

  template <class Word>
  static Word load(const std::byte* p) {
    Word word;
    std::memcpy(&word, p, sizeof word);
    return word;
  }
  static Key key_of(std::span<const std::byte> block, std::uint64_t version) {
    const std::byte* const p = block.data();
    const std::size_t n = block.size();
    if (n >= 8) return {load<std::uint64_t>(p), load<std::uint64_t>(p + n - 8), version, n};
    if (n >= 4) return {load<std::uint32_t>(p), load<std::uint32_t>(p + n - 4), version, n};
    const std::uint64_t last = load<std::uint8_t>(p + n - 1);
    return {load<std::uint8_t>(p), load<std::uint8_t>(p + n / 2) | last << 8, version, n};
  }
  static std::size_t slot_of(const Key& key) {
    constexpr std::uint64_t kMix = 0x9e37'79b9'7f4a'7c15;
    return (key.low ^ key.high * kMix) * kMix >> 61;
  }

  Section fresh_;
  std::array<Known, kSlots> known_;
};

}  // namespace pintle::http2

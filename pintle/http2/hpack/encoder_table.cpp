#include <pintle/http2/hpack/internal/encoder_table.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include <pintle/http2/hpack/internal/static_table.hpp>

namespace pintle::http2::hpack {
namespace {

constexpr std::uint32_t kEntryOverhead = 32;  // RFC 7541 section 4.1
constexpr std::uint32_t kSmallestCapacity = 64;
constexpr std::uint32_t kKeptCapacity = 256;  // bytes of an evicted entry's memory that its successor may reuse

static_assert(std::endian::native == std::endian::little, "load() is the same at compile time and at run time");

template <typename Word>
constexpr std::uint64_t load(const char* p) {
  if consteval {
    std::uint64_t w = 0;
    for (std::size_t i = 0; i < sizeof(Word); ++i) {
      w |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(p[i])) << (8 * i);
    }
    return w;
  } else {
    Word w;
    std::memcpy(&w, p, sizeof w);
    return w;
  }
}

constexpr std::uint64_t mix(std::uint64_t h, std::uint64_t w) {
  h = (h ^ w) * 0x9e3779b97f4a7c15U;
  return h ^ (h >> 32);
}

constexpr std::uint64_t hash(std::uint64_t seed, std::string_view text) {
  const std::size_t n = text.size();
  const char* p = text.data();
  const char* const end = p + n;
  std::uint64_t h = mix(seed, n);
  if (n >= 8) {
    for (; end - p > 8; p += 8) h = mix(h, load<std::uint64_t>(p));
    return mix(h, load<std::uint64_t>(end - 8));
  }
  if (n >= 4) return mix(h, load<std::uint32_t>(p) | load<std::uint32_t>(end - 4) << 32);
  if (n == 0) return h;
  return mix(h, load<std::uint8_t>(p) | load<std::uint8_t>(p + n / 2) << 8 | load<std::uint8_t>(end - 1) << 16);
}

constexpr std::uint64_t kSeed = 0x6a09e667f3bcc908U;

// The static names by hash, with linear probing: the first index that has the name.
constexpr std::uint32_t kStaticSlots = 256;
constexpr auto kStaticNames = [] {
  std::array<std::uint8_t, kStaticSlots> slots{};
  for (std::uint32_t i = 1; i <= kStaticEntries; ++i) {
    const std::string_view name = kStaticTable[i].name;
    if (i > 1 && kStaticTable[i - 1].name == name) continue;
    std::uint32_t at = static_cast<std::uint32_t>(hash(kSeed, name)) % kStaticSlots;
    while (slots[at] != 0) at = (at + 1) % kStaticSlots;
    slots[at] = static_cast<std::uint8_t>(i);
  }
  return slots;
}();

// How many entries from this one on have its name.
constexpr auto kStaticRun = [] {
  std::array<std::uint8_t, kStaticEntries + 1> run{};
  for (std::uint32_t i = kStaticEntries; i > 0; --i) {
    const bool more = i < kStaticEntries && kStaticTable[i + 1].name == kStaticTable[i].name;
    run[i] = static_cast<std::uint8_t>(more ? run[i + 1] + 1 : 1);
  }
  return run;
}();

}  // namespace

std::uint32_t hash_name(std::string_view name) { return static_cast<std::uint32_t>(hash(kSeed, name)); }

FieldHash hash_field(std::string_view name, std::string_view value) {
  const std::uint64_t h = hash(kSeed, name);
  return {static_cast<std::uint32_t>(h), static_cast<std::uint32_t>(hash(h, value))};
}

WireIndex find_static_name(std::string_view name, std::uint32_t name_hash) {
  for (std::uint32_t at = name_hash % kStaticSlots; kStaticNames[at] != 0; at = (at + 1) % kStaticSlots) {
    if (kStaticTable[kStaticNames[at]].name == name) return kStaticNames[at];
  }
  return 0;
}

WireIndex find_static_field(WireIndex first, std::string_view value) {
  for (WireIndex i = first; i < first + kStaticRun[first]; ++i) {
    if (kStaticTable[i].value == value) return i;
  }
  return 0;
}

WireIndex EncoderTable::wire_index(std::uint64_t number) const {
  return kStaticEntries + 1 + static_cast<WireIndex>(newest_ - number);
}

WireIndex EncoderTable::find_name(std::string_view name, std::uint32_t hash) const {
  if (count_ == 0) return 0;
  for (std::uint64_t n = name_buckets_[hash & mask_]; lives(n); n = at(n).older_name) {
    if (at(n).hash.name == hash && at(n).name() == name) return wire_index(n);
  }
  return 0;
}

WireIndex EncoderTable::find_field(std::string_view name, std::string_view value, std::uint32_t hash) const {
  if (count_ == 0) return 0;
  for (std::uint64_t n = field_buckets_[hash & mask_]; lives(n); n = at(n).older_field) {
    if (at(n).hash.field == hash && at(n).name() == name && at(n).value() == value) return wire_index(n);
  }
  return 0;
}

void EncoderTable::evict_to(std::uint32_t bytes) {
  while (size_ > bytes) {
    Entry& oldest = ring_[(newest_ - count_ + 1) & mask_];
    size_ -= oldest.name_size + oldest.value_size + kEntryOverhead;
    if (oldest.capacity > kKeptCapacity) {
      oldest.bytes.reset();
      oldest.capacity = 0;
    }
    --count_;
  }
}

void EncoderTable::set_max(std::uint32_t bytes) {
  max_ = bytes;
  evict_to(bytes);
}

void EncoderTable::link(Entry& e, std::uint64_t number) {
  std::uint64_t& name_bucket = name_buckets_[e.hash.name & mask_];
  std::uint64_t& field_bucket = field_buckets_[e.hash.field & mask_];
  e.older_name = name_bucket;
  e.older_field = field_bucket;
  name_bucket = field_bucket = number;
}

void EncoderTable::grow() {
  const std::uint32_t slots = ring_.empty() ? 16 : (mask_ + 1) * 2;
  std::vector<Entry> old(slots);
  old.swap(ring_);
  const std::uint32_t old_mask = mask_;
  mask_ = slots - 1;
  name_buckets_.assign(slots, 0);
  field_buckets_.assign(slots, 0);
  for (std::uint64_t n = newest_ - count_ + 1; n <= newest_; ++n) {
    ring_[n & mask_] = std::move(old[n & old_mask]);
    link(ring_[n & mask_], n);
  }
}

void EncoderTable::insert(std::string_view name, std::string_view value, FieldHash hash) {
  const auto bytes = static_cast<std::uint32_t>(name.size() + value.size());
  evict_to(max_ - bytes - kEntryOverhead);
  if (ring_.empty() || count_ == mask_ + 1) grow();
  const std::uint64_t number = ++newest_;
  ++count_;
  size_ += bytes + kEntryOverhead;
  Entry& e = ring_[number & mask_];
  if (e.capacity < bytes) {
    e.capacity = std::bit_ceil(std::max(bytes, kSmallestCapacity));
    e.bytes = std::make_unique_for_overwrite<char[]>(e.capacity);
  }
  if (!name.empty()) std::memcpy(e.bytes.get(), name.data(), name.size());
  if (!value.empty()) std::memcpy(e.bytes.get() + name.size(), value.data(), value.size());
  e.name_size = static_cast<std::uint32_t>(name.size());
  e.value_size = static_cast<std::uint32_t>(value.size());
  e.hash = hash;
  link(e, number);
}

}  // namespace pintle::http2::hpack

// The encoder's dynamic table, and where a field or a name stands in it or in the static table.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace pintle::http2::hpack {

struct FieldHash {
  std::uint32_t name, field;
};
std::uint32_t hash_name(std::string_view name);
FieldHash hash_field(std::string_view name, std::string_view value);

// An index on the wire (RFC 7541 section 2.3.3); 0 is none.
using WireIndex = std::uint32_t;

WireIndex find_static_name(std::string_view name, std::uint32_t name_hash);
// `first`: what find_static_name() said, 0 included.
WireIndex find_static_field(WireIndex first, std::string_view value);

class EncoderTable {
 public:
  explicit EncoderTable(std::uint32_t max) : max_(max) {}

  std::uint32_t max() const { return max_; }
  std::uint32_t size() const { return size_; }
  std::uint64_t insertions() const { return newest_; }

  WireIndex find_name(std::string_view name, std::uint32_t hash) const;
  WireIndex find_field(std::string_view name, std::string_view value, std::uint32_t hash) const;
  // REQUIRES: name.size() + value.size() + 32 <= max().
  void insert(std::string_view name, std::string_view value, FieldHash hash);
  void set_max(std::uint32_t bytes);

 private:
  // Entries are numbered from 1 in the order of insertion; number n is in slot n & mask_ as long as it lives. Entries
  // with the same hash bucket are chained from the newest to the older, and a number that has been evicted ends the
  // chain, so that eviction has nothing to unlink.
  struct Entry {
    FieldHash hash{};
    std::uint32_t name_size = 0, value_size = 0;
    std::uint64_t older_name = 0, older_field = 0;
    std::unique_ptr<char[]> bytes;
    std::uint32_t capacity = 0;

    std::string_view name() const { return {bytes.get(), name_size}; }
    std::string_view value() const { return {bytes.get() + name_size, value_size}; }
  };

  const Entry& at(std::uint64_t number) const { return ring_[number & mask_]; }
  bool lives(std::uint64_t number) const { return number + count_ > newest_; }
  WireIndex wire_index(std::uint64_t number) const;
  void link(Entry& e, std::uint64_t number);
  void evict_to(std::uint32_t bytes);
  void grow();

  std::vector<Entry> ring_;
  std::vector<std::uint64_t> name_buckets_, field_buckets_;  // the newest entry's number, by hash & mask_
  std::uint64_t newest_ = 0;
  std::uint32_t mask_ = 0, count_ = 0, size_ = 0, max_;
};

}  // namespace pintle::http2::hpack

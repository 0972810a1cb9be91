// HPACK encoding (RFC 7541): header fields in, bytes of a header block out. Blocks that repeat are encoded once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <pintle/base/buffer.hpp>
#include <pintle/http2/header.hpp>

namespace pintle::http2 {

// A list of fields that is sent again and again: a method's request head, a server's response head, OK trailers. Made
// once, shared by all connections, immutable. Encoders remember its bytes by its id for as long as their table stands.
class PreparedBlock {
 public:
  // Copies the fields. `id` must be unique among the blocks that one encoder meets; take it from a counter.
  PreparedBlock(std::uint32_t id, std::vector<std::pair<std::string, std::string>> fields);
  PreparedBlock(PreparedBlock&&) = default;
  PreparedBlock& operator=(PreparedBlock&&) = default;
  std::uint32_t id() const { return id_; }
  std::span<const OutField> fields() const { return fields_; }

 private:
  std::uint32_t id_;
  std::vector<std::pair<std::string, std::string>> storage_;
  std::vector<OutField> fields_;  // views into storage_, all incremental
};

// One per connection; not thread-safe. Blocks must go on the wire in the order in which they were encoded.
class HpackEncoder {
 public:
  // At most `table_limit` bytes of dynamic table are used, whatever the peer offers.
  explicit HpackEncoder(std::uint32_t table_limit = 4096);
  HpackEncoder(HpackEncoder&&) = delete;
  ~HpackEncoder();

  // Appends one block to `out`: the prepared fields, then the others.
  void encode(const PreparedBlock& block, std::span<const OutField> more, Buffer& out);
  void encode(std::span<const OutField> fields, Buffer& out);

  // The peer's SETTINGS_HEADER_TABLE_SIZE (4096 until this is called); size updates go out at the start of the next
  // block (RFC 7541 section 4.2).
  void set_peer_table_size(std::uint32_t bytes);

  // Entries inserted since the start: a block's bytes are the same as long as it stands still.
  std::uint64_t insertions() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pintle::http2

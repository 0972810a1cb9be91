// HPACK decoding (RFC 7541): bytes of a complete header block in, header fields out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <pintle/http2/header.hpp>

namespace pintle::http2 {

// Limits of one decoded list. A block that breaks them is still decoded to its end, so that the table stays in step
// with the peer's; its fields are dropped and the outcome says `too_large`.
struct HeaderLimits {
  std::size_t list_size = 16 * 1024;  // sum of name + value + 32 (RFC 9113 section 6.5.2)
  std::size_t fields = 100;           // cookies included
};

enum class DecodeOutcome : std::uint8_t {
  ok,
  too_large,          // the list broke a limit; the table is in step, the connection may live
  compression_error,  // the block is not HPACK; the connection must end (RFC 7541 section 2.3.3 and others)
};

// One per connection; not thread-safe.
class HpackDecoder {
 public:
  // `table_size`: the SETTINGS_HEADER_TABLE_SIZE that the peer knows of, in bytes. That is 4096 until it has
  // acknowledged our SETTINGS; so a session that announces another size starts with 4096 and calls set_table_size()
  // at the acknowledgement. The table never starts larger than 4096, as the peer must announce that it grows.
  explicit HpackDecoder(std::uint32_t table_size = 4096);
  HpackDecoder(HpackDecoder&&) = delete;
  ~HpackDecoder();

  // Appends the block's fields to `out` (which is not cleared); nothing is appended unless the outcome is ok. The views
  // in `out` live until the next decode().
  DecodeOutcome decode(std::span<const std::byte> block, const HeaderLimits& limits, HeaderList& out);

  // A smaller or larger announced table, from when the peer has acknowledged it; the peer must answer a reduction with
  // a size update at the start of its next block, and its absence is a compression error (RFC 7541 section 4.2).
  void set_table_size(std::uint32_t bytes);

  // Changes whenever an index may mean something else than before, or the next block must begin with a size update.
  std::uint64_t version() const;
  std::size_t dynamic_entries() const;
  std::size_t dynamic_size() const;  // bytes as RFC 7541 section 4.1 counts them

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pintle::http2

// What must hold for any bytes that a peer sends as header blocks. The fuzzer and the replay of its corpus share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <pintle/http2/hpack/test_support/oracle.hpp>

namespace pintle::http2::hpack_fuzz {

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

// nghttp2 takes any number of size updates at the start of a block, we two (RFC 7541 section 4.2 needs no more).
inline bool begins_with_three_updates(std::string_view block) {
  const auto* p = reinterpret_cast<const std::uint8_t*>(block.data());
  const auto* const end = p + block.size();
  int updates = 0;
  while (p != end && (*p & 0xe0) == 0x20) {
    ++updates;
    if ((*p++ & 0x1f) != 0x1f) continue;
    while (p != end && (*p & 0x80) != 0) ++p;
    if (p != end) ++p;
  }
  return updates > 2;
}

// The input is a row of items: one byte of length and that many bytes of a block; a length of 255 announces another
// table size, a length of 254 tightens or loosens the limits, each by the byte that follows.
inline void judge(std::string_view input) {
  HpackDecoder decoder;
  hpack_test::OracleDecoder oracle;
  HpackEncoder encoder;
  HpackDecoder mirror;
  HeaderLimits limits{.list_size = 1 << 20, .fields = 1 << 16};
  std::uint32_t largest = 4096;
  while (input.size() >= 2) {
    const auto length = static_cast<std::uint8_t>(input[0]);
    const auto argument = static_cast<std::uint8_t>(input[1]);
    if (length >= 254) {
      input.remove_prefix(2);
      if (length == 254) {
        limits = {.list_size = argument * 16U, .fields = argument % 16U};
        if (argument == 255) limits = {.list_size = 1 << 20, .fields = 1 << 16};
      } else {
        const std::uint32_t size = argument * 20U;
        largest = std::max(largest, size);
        decoder.set_table_size(size);
        oracle.set_table_size(size);
      }
      continue;
    }
    const std::string_view block = input.substr(1, length);
    input.remove_prefix(1 + block.size());

    const hpack_test::Decoded ours = hpack_test::decode(decoder, block, limits);
    const auto theirs = oracle.decode(block);
    require(decoder.dynamic_size() <= largest, "the table keeps within the announced size");
    if (ours.outcome == DecodeOutcome::compression_error) {
      require(!theirs || begins_with_three_updates(block), "nghttp2 refuses what we refuse");
      require(ours.fields.empty(), "a refused block hands up nothing");
      return;
    }
    require(theirs.has_value(), "we refuse what nghttp2 refuses");
    require(decoder.dynamic_size() == oracle.dynamic_size(), "the tables have one size");
    require(decoder.dynamic_entries() == oracle.dynamic_entries(), "the tables have as many entries");
    std::size_t listed = 0;
    for (const auto& [name, value] : *theirs) listed += name.size() + value.size() + 32;
    const bool over = listed > limits.list_size || theirs->size() > limits.fields;
    require(over == (ours.outcome == DecodeOutcome::too_large), "the limits decide");
    if (over) {
      require(ours.fields.empty(), "a block beyond the limits hands up nothing");
      continue;
    }
    require(ours.fields == *theirs, "the fields are the same");
    const hpack_test::Decoded back = hpack_test::decode(mirror, hpack_test::encode(encoder, ours.fields), limits);
    require(back.outcome == DecodeOutcome::ok && back.fields == ours.fields, "what we encode we decode");
  }
}

}  // namespace pintle::http2::hpack_fuzz

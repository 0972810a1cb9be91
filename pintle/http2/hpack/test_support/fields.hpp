// Header lists as tests write them, and short ways through the encoder and the decoder.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/base/buffer.hpp>
#include <pintle/http2/hpack/decoder.hpp>
#include <pintle/http2/hpack/encoder.hpp>

namespace pintle::http2::hpack_test {

using Pairs = std::vector<std::pair<std::string, std::string>>;

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// "828684 41 0f" as bytes; blanks are skipped.
inline std::string hex(std::string_view digits) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  int high = -1;
  for (const char c : digits) {
    if (c == ' ') continue;
    if (high < 0) {
      high = value(c);
    } else {
      bytes.push_back(static_cast<char>(high * 16 + value(c)));
      high = -1;
    }
  }
  return bytes;
}

inline std::string to_hex(std::string_view bytes) {
  std::string digits;
  for (const char c : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    digits.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    digits.push_back(kDigits[static_cast<unsigned char>(c) & 15]);
  }
  return digits;
}

inline Pairs pairs_of(const HeaderList& list) {
  Pairs pairs;
  for (const HeaderField& f : list) pairs.emplace_back(f.name, f.value);
  return pairs;
}

struct Decoded {
  DecodeOutcome outcome = DecodeOutcome::ok;
  Pairs fields;
  HeaderList list;  // views until the next block
};

inline Decoded decode(HpackDecoder& decoder, std::string_view block, const HeaderLimits& limits = {}) {
  // A copy that ends where the block ends, so that a read behind it is seen by the address sanitizer.
  const std::vector<char> exact(block.begin(), block.end());
  Decoded d;
  d.outcome = decoder.decode(std::as_bytes(std::span(exact)), limits, d.list);
  d.fields = pairs_of(d.list);
  return d;
}

inline std::string text_of(const Buffer& b) { return {reinterpret_cast<const char*>(b.data()), b.size()}; }

inline std::vector<OutField> out_fields(const Pairs& pairs, Indexing indexing) {
  std::vector<OutField> fields;
  for (const auto& [name, value] : pairs) fields.push_back({name, value, indexing});
  return fields;
}

inline std::string encode(HpackEncoder& encoder, const Pairs& pairs, Indexing indexing = Indexing::incremental) {
  Buffer out;
  encoder.encode(out_fields(pairs, indexing), out);
  return text_of(out);
}

inline std::string encode(HpackEncoder& encoder, const PreparedBlock& block, const std::vector<OutField>& more = {}) {
  Buffer out;
  encoder.encode(block, more, out);
  return text_of(out);
}

}  // namespace pintle::http2::hpack_test

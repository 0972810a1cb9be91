// The Huffman code of RFC 7541 Appendix B.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pintle::http2::hpack {

// Bytes that huffman_encode() will write.
std::size_t huffman_size(std::string_view text);

// Writes the code of `text`, padded with ones to a byte, and returns its end. Up to 8 bytes behind the end may be
// overwritten too. REQUIRES: room for huffman_size(text) + 8 bytes.
std::uint8_t* huffman_encode(std::string_view text, std::uint8_t* out);

// No code is shorter than five bits.
constexpr std::size_t huffman_decoded_bound(std::size_t coded) { return coded * 8 / 5; }

// Writes the text of `size` coded bytes and returns its length; nothing when they hold EOS, or end with more than
// seven bits of padding, or with padding that is not ones (RFC 7541 section 5.2).
// REQUIRES: room for huffman_decoded_bound(size) bytes.
std::optional<std::size_t> huffman_decode(const std::uint8_t* coded, std::size_t size, char* out);

// The same check and length, with no text written.
std::optional<std::size_t> huffman_decoded_size(const std::uint8_t* coded, std::size_t size);

}  // namespace pintle::http2::hpack

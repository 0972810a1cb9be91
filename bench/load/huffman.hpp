#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace pintle::bench {

// Decodes an HPACK string in the Huffman code of RFC 7541, appendix B; nothing when the bytes are not such a string
// (padding longer than 7 bits, padding with zeros, or the EOS symbol).
std::optional<std::string> huffman_decode(std::span<const std::uint8_t> bytes);

}  // namespace pintle::bench

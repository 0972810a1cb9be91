#include <array>
#include <cstddef>

#include "huffman.hpp"

namespace pintle::bench {
namespace {

constexpr std::size_t kSymbols = 257;
constexpr unsigned kLongest = 30;
constexpr std::uint16_t kEos = 256;

// RFC 7541, appendix B is a canonical code: the lengths alone, in the order of the symbols, give every code word.
constexpr std::array<std::uint8_t, kSymbols> kLengths{
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,  // 0x00
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,  // 0x10
    6,  10, 10, 12, 13, 6,  8,  11, 10, 10, 8,  11, 8,  6,  6,  6,   // 0x20
    5,  5,  5,  6,  6,  6,  6,  6,  6,  6,  7,  8,  15, 6,  12, 10,  // 0x30
    13, 6,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,   // 0x40
    7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8,  13, 19, 13, 14, 6,   // 0x50
    15, 5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,   // 0x60
    6,  7,  6,  5,  5,  6,  7,  7,  7,  7,  7,  15, 11, 14, 13, 28,  // 0x70
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,  // 0x80
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,  // 0x90
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,  // 0xa0
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,  // 0xb0
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,  // 0xc0
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,  // 0xd0
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,  // 0xe0
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,  // 0xf0
    30};

struct Code {
  std::array<std::uint32_t, kLongest + 1> first{};   // the first code word of each length
  std::array<std::uint32_t, kLongest + 1> count{};   // how many code words have it
  std::array<std::uint32_t, kLongest + 1> offset{};  // where they start in `symbols`
  std::array<std::uint16_t, kSymbols> symbols{};
};

constexpr Code canonical() {
  Code code;
  for (const std::uint8_t length : kLengths) ++code.count[length];
  std::uint32_t word = 0;
  std::uint32_t offset = 0;
  for (unsigned length = 1; length <= kLongest; ++length) {
    word = (word + code.count[length - 1]) << 1;
    code.first[length] = word;
    code.offset[length] = offset;
    offset += code.count[length];
  }
  std::array<std::uint32_t, kLongest + 1> next = code.offset;
  for (std::size_t symbol = 0; symbol < kSymbols; ++symbol) {
    code.symbols[next[kLengths[symbol]]++] = static_cast<std::uint16_t>(symbol);
  }
  return code;
}

constexpr Code kCode = canonical();
static_assert(kCode.first[kLongest] + kCode.count[kLongest] == 1U << kLongest, "the code must be complete");

}  // namespace

std::optional<std::string> huffman_decode(std::span<const std::uint8_t> bytes) {
  std::string text;
  std::uint32_t word = 0;
  unsigned length = 0;
  for (const std::uint8_t byte : bytes) {
    for (int bit = 7; bit >= 0; --bit) {
      word = (word << 1) | ((byte >> bit) & 1U);
      if (++length > kLongest) return std::nullopt;
      if (word - kCode.first[length] >= kCode.count[length]) continue;
      const std::uint16_t symbol = kCode.symbols[kCode.offset[length] + word - kCode.first[length]];
      if (symbol == kEos) return std::nullopt;
      text.push_back(static_cast<char>(symbol));
      word = 0;
      length = 0;
    }
  }
  if (length > 7 || word != (1U << length) - 1) return std::nullopt;
  return text;
}

}  // namespace pintle::bench

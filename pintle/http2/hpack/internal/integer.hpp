// Integers of RFC 7541 section 5.1, bounded to 32 bits and to five continuation bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pintle::http2::hpack {

// Reads the integer that begins in the low bits (`mask`: 0x0f, 0x1f, 0x3f or 0x7f) of *p and moves p behind it. False
// when the bytes end first, when it takes more than five continuation bytes, or when it exceeds 2^32 - 1.
// REQUIRES: p < end.
inline bool read_integer(const std::uint8_t*& p, const std::uint8_t* end, std::uint32_t mask, std::uint32_t& value) {
  value = *p++ & mask;
  if (value != mask) [[likely]]
    return true;
  std::uint64_t sum = mask;
  for (unsigned shift = 0; shift <= 28; shift += 7) {
    if (p == end) return false;
    const std::uint8_t b = *p++;
    sum += static_cast<std::uint64_t>(b & 0x7f) << shift;
    if ((b & 0x80) == 0) {
      value = static_cast<std::uint32_t>(sum);
      return sum <= UINT32_MAX;
    }
  }
  return false;
}

inline constexpr std::size_t kMaxIntegerBytes = 6;

// Writes `value` with its first bits in the low bits of a byte whose high bits are `pattern`; returns the end.
inline std::uint8_t* write_integer(std::uint8_t* p, std::uint8_t pattern, std::uint32_t mask, std::uint32_t value) {
  if (value < mask) {
    *p++ = static_cast<std::uint8_t>(pattern | value);
    return p;
  }
  *p++ = static_cast<std::uint8_t>(pattern | mask);
  value -= mask;
  while (value >= 0x80) {
    *p++ = static_cast<std::uint8_t>(0x80 | (value & 0x7f));
    value >>= 7;
  }
  *p++ = static_cast<std::uint8_t>(value);
  return p;
}

}  // namespace pintle::http2::hpack

#include <pintle/http2/hpack/internal/huffman.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace pintle::http2::hpack {
namespace {

constexpr unsigned kEos = 256;
constexpr unsigned kMaxLength = 30;

// Appendix B is a canonical code: within one length the codes count up in the order of the symbols, and each length
// goes on where the shorter one ended. So the lengths of the 256 bytes and EOS are the whole table.
constexpr std::array<std::uint8_t, 257> kLengths = {
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
  std::uint32_t bits;
  std::uint32_t length;
};

// What decoding needs: by length, the codes' end (left-aligned to 32 bits) and where its symbols begin in order.
struct Canonical {
  std::array<Code, 257> codes{};
  std::array<std::uint64_t, kMaxLength + 1> end{};
  std::array<std::uint32_t, kMaxLength + 1> first_code{};
  std::array<std::uint32_t, kMaxLength + 1> first_symbol{};
  std::array<std::uint16_t, 257> symbols{};
};

constexpr Canonical make_canonical() {
  Canonical c;
  std::uint32_t next = 0, placed = 0;
  for (unsigned length = 1; length <= kMaxLength; ++length) {
    next <<= 1;
    c.first_code[length] = next;
    c.first_symbol[length] = placed;
    for (unsigned s = 0; s <= kEos; ++s) {
      if (kLengths[s] != length) continue;
      c.codes[s] = {next++, length};
      c.symbols[placed++] = static_cast<std::uint16_t>(s);
    }
    c.end[length] = static_cast<std::uint64_t>(next) << (32 - length);
  }
  return c;
}
constexpr Canonical kCanonical = make_canonical();
static_assert(kCanonical.end[kMaxLength] == std::uint64_t{1} << 32, "the code is complete");
static_assert(kCanonical.codes[kEos].bits == 0x3fffffff);

// Codes of at most kFastBits bits (everything that is common in header fields) are found in one read.
constexpr unsigned kFastBits = 10;
struct Fast {
  std::uint8_t symbol;
  std::uint8_t length;  // 0: the code is longer
};
constexpr auto kFast = [] {
  std::array<Fast, 1U << kFastBits> t{};
  for (unsigned s = 0; s < kEos; ++s) {
    const Code code = kCanonical.codes[s];
    if (code.length > kFastBits) continue;
    const unsigned shift = kFastBits - code.length;
    for (unsigned i = 0; i < (1U << shift); ++i) {
      t[(code.bits << shift) + i] = {static_cast<std::uint8_t>(s), static_cast<std::uint8_t>(code.length)};
    }
  }
  return t;
}();

template <typename Word>
std::uint64_t load_big_endian(const std::uint8_t* p) {
  Word w;
  std::memcpy(&w, p, sizeof w);
  if constexpr (std::endian::native == std::endian::little) w = std::byteswap(w);
  return w;
}

// The next bytes of the code, as many as fit behind the `have` bits of the window. REQUIRES: p != end.
inline void refill(const std::uint8_t*& p, const std::uint8_t* end, std::uint64_t& window, unsigned& have) {
  const auto left = static_cast<std::size_t>(end - p);
  std::uint64_t next;
  if (left >= 8) {
    next = load_big_endian<std::uint64_t>(p);
  } else if (left >= 4) {  // two reads that overlap
    next = load_big_endian<std::uint32_t>(p) << 32 | load_big_endian<std::uint32_t>(end - 4) << (64 - 8 * left);
  } else {
    const auto at = [p](std::size_t i) { return static_cast<std::uint64_t>(p[i]) << (56 - 8 * i); };
    next = at(0) | at(left / 2) | at(left - 1);
  }
  window |=
      next >> have;  // the bits of a byte that fits only in part are put there again, the same, by the next refill
  const unsigned taken = std::min(static_cast<unsigned>(std::min<std::size_t>(left, 8)), (63 - have) / 8);
  p += taken;
  have += taken * 8;
}

template <bool kStore>
std::optional<std::size_t> decode(const std::uint8_t* p, std::size_t size, [[maybe_unused]] char* out) {
  const std::uint8_t* const end = p + size;
  std::uint64_t window = 0;  // the next bits, left-aligned
  unsigned have = 0;         // how many of them are input
  std::size_t n = 0;
  for (;;) {
    if (have < 32 && p != end) refill(p, end, window, have);
    const Fast fast = kFast[window >> (64 - kFastBits)];
    unsigned length = fast.length;
    unsigned symbol = fast.symbol;
    if (length == 0) [[unlikely]] {
      const auto top = static_cast<std::uint32_t>(window >> 32);
      length = kFastBits + 1;
      while (top >= kCanonical.end[length]) ++length;
      symbol =
          kCanonical.symbols[kCanonical.first_symbol[length] + (top >> (32 - length)) - kCanonical.first_code[length]];
    }
    if (length > have) [[unlikely]] {
      // No code is a prefix of another, so what is left is no whole code: only padding may be left.
      if (have == 0) return n;
      const bool ones = (window >> (64 - have)) == (std::uint64_t{1} << have) - 1;
      return have < 8 && ones ? std::optional(n) : std::nullopt;
    }
    if (symbol == kEos) [[unlikely]]
      return std::nullopt;
    if constexpr (kStore) out[n] = static_cast<char>(symbol);
    ++n;
    window <<= length;
    have -= length;
  }
}

}  // namespace

std::size_t huffman_size(std::string_view text) {
  std::size_t bits = 0;
  for (const char c : text) bits += kLengths[static_cast<std::uint8_t>(c)];
  return (bits + 7) / 8;
}

std::uint8_t* huffman_encode(std::string_view text, std::uint8_t* out) {
  std::uint64_t window = 0;  // the bits not yet written, right-aligned; fewer than 32 before each code
  unsigned have = 0;
  const auto put = [&out](std::uint32_t word) {
    if constexpr (std::endian::native == std::endian::little) word = std::byteswap(word);
    std::memcpy(out, &word, sizeof word);
  };
  for (const char c : text) {
    const Code code = kCanonical.codes[static_cast<std::uint8_t>(c)];
    window = window << code.length | code.bits;
    have += code.length;
    if (have >= 32) {
      have -= 32;
      put(static_cast<std::uint32_t>(window >> have));
      out += 4;
    }
  }
  if (have == 0) return out;
  put(static_cast<std::uint32_t>(window << (32 - have)) | (0xffffffffU >> have));
  return out + (have + 7) / 8;
}

std::optional<std::size_t> huffman_decode(const std::uint8_t* coded, std::size_t size, char* out) {
  return decode<true>(coded, size, out);
}

std::optional<std::size_t> huffman_decoded_size(const std::uint8_t* coded, std::size_t size) {
  return decode<false>(coded, size, nullptr);
}

}  // namespace pintle::http2::hpack

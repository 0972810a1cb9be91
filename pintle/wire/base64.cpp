#include <pintle/wire/base64.hpp>

#include <array>
#include <cstdint>

namespace pintle::wire {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNotADigit = 0x80;

constexpr std::array<std::uint8_t, 256> kDigits = [] {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNotADigit);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    digits[static_cast<std::uint8_t>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return digits;
}();

}  // namespace

void base64_encode(std::string_view bytes, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + base64_size(bytes.size()));
  char* to = out.data() + before;
  const auto byte = [&](std::size_t i) -> std::uint32_t { return static_cast<std::uint8_t>(bytes[i]); };
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t group = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    *to++ = kAlphabet[group >> 18];
    *to++ = kAlphabet[group >> 12 & 63];
    *to++ = kAlphabet[group >> 6 & 63];
    *to++ = kAlphabet[group & 63];
  }
  const std::size_t left = bytes.size() - i;
  if (left == 0) return;
  const std::uint32_t group = byte(i) << 16 | (left == 2 ? byte(i + 1) << 8 : 0);
  *to++ = kAlphabet[group >> 18];
  *to++ = kAlphabet[group >> 12 & 63];
  if (left == 2) *to++ = kAlphabet[group >> 6 & 63];
}

bool base64_decode(std::string_view text, std::string& out) {
  if (text.ends_with('=')) {
    if (text.size() % 4 != 0) return false;
    text.remove_suffix(text.ends_with("==") ? 2 : 1);
  }
  const std::size_t left = text.size() % 4;
  if (left == 1) return false;

  const std::size_t before = out.size();
  out.resize(before + text.size() / 4 * 3 + (left == 0 ? 0 : left - 1));
  char* to = out.data() + before;
  const auto digit = [&](std::size_t i) -> std::uint32_t { return kDigits[static_cast<std::uint8_t>(text[i])]; };
  std::uint32_t seen = 0;  // has the bit of kNotADigit once a byte was none
  std::size_t i = 0;
  for (; i + 4 <= text.size(); i += 4) {
    const std::uint32_t a = digit(i), b = digit(i + 1), c = digit(i + 2), d = digit(i + 3);
    seen |= a | b | c | d;
    *to++ = static_cast<char>(a << 2 | b >> 4);
    *to++ = static_cast<char>(b << 4 | c >> 2);
    *to++ = static_cast<char>(c << 6 | d);
  }
  if (left != 0) {
    const std::uint32_t a = digit(i), b = digit(i + 1), c = left == 3 ? digit(i + 2) : 0;
    seen |= a | b | c;
    *to++ = static_cast<char>(a << 2 | b >> 4);
    if (left == 3) *to++ = static_cast<char>(b << 4 | c >> 2);
  }
  if (seen & kNotADigit) {
    out.resize(before);
    return false;
  }
  return true;
}

}  // namespace pintle::wire

#include <pintle/wire/utf8.hpp>

#include <cstdint>

namespace pintle::wire {
namespace {

// The character at the start of a text that isn't empty: its length in bytes, or, when it is ill-formed, the length of
// its maximal subpart (at least 1).
struct Character {
  std::size_t length;
  bool valid;
};

Character first_character(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {1, true};
  std::size_t length = 0;
  std::uint8_t low = 0x80, high = 0xBF;  // what the second byte may be
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {1, false};
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= text.size() || byte(i) < low || byte(i) > high) return {i, false};
    low = 0x80;
    high = 0xBF;
  }
  return {length, true};
}

}  // namespace

bool valid_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const Character c = first_character(text);
    if (!c.valid) return false;
    text.remove_prefix(c.length);
  }
  return true;
}

std::string to_valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Character c = first_character(text);
    out.append(c.valid ? text.substr(0, c.length) : std::string_view("\xEF\xBF\xBD"));
    text.remove_prefix(c.length);
  }
  return out;
}

std::string_view truncate_utf8(std::string_view text, std::size_t limit) noexcept {
  if (text.size() <= limit) return text;
  // A character that straddles the limit begins at most three bytes before it.
  for (std::size_t back = 1; back <= 3 && back <= limit; ++back) {
    const Character c = first_character(text.substr(limit - back));
    if (c.valid && c.length > back) return text.substr(0, limit - back);
  }
  return text.substr(0, limit);
}

}  // namespace pintle::wire

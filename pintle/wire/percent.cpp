#include <pintle/wire/percent.hpp>

#include <algorithm>
#include <cstdint>

#include <pintle/wire/utf8.hpp>

namespace pintle::wire {
namespace {

constexpr bool travels_as_is(char c) { return c >= 0x20 && c <= 0x7E && c != '%'; }

constexpr std::size_t encoded_size(char c) { return travels_as_is(c) ? 1 : 3; }

constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

void percent_encode(std::string_view text, std::string& out) {
  const auto first = std::ranges::find_if_not(text, travels_as_is);
  out.append(text.begin(), first);
  for (auto at = first; at != text.end(); ++at) {
    if (travels_as_is(*at)) {
      out.push_back(*at);
      continue;
    }
    constexpr char kHex[] = "0123456789ABCDEF";
    const auto byte = static_cast<std::uint8_t>(*at);
    out.push_back('%');
    out.push_back(kHex[byte >> 4]);
    out.push_back(kHex[byte & 0xF]);
  }
}

void percent_encode_within(std::string_view text, std::size_t limit, std::string& out) {
  std::size_t bytes = 0, encoded = 0;
  while (bytes < text.size() && encoded + encoded_size(text[bytes]) <= limit) encoded += encoded_size(text[bytes++]);
  percent_encode(truncate_utf8(text, bytes), out);
}

std::string percent_decode(std::string_view value) {
  if (std::ranges::all_of(value, travels_as_is)) return std::string(value);
  std::string out;
  out.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool coded = value[i] == '%' && value.size() - i > 2;
    const int high = coded ? hex_digit(value[i + 1]) : -1, low = coded ? hex_digit(value[i + 2]) : -1;
    if (high < 0 || low < 0) {
      out.push_back(value[i]);
      continue;
    }
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return valid_utf8(out) ? out : to_valid_utf8(out);
}

}  // namespace pintle::wire

#include <pintle/app/internal/line_text.hpp>

#include <algorithm>
#include <string>

#include <fmt/compile.h>
#include <fmt/format.h>

#include <pintle/wire/utf8.hpp>

namespace pintle::app {

namespace {

// Eight characters at a time: whether one of them is beyond ASCII or needs_escape(). No sum of ASCII characters carries
// into its neighbour.
constexpr bool any_special(std::uint64_t eight) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHigh = 0x8080808080808080;
  const auto differs = [&](char c) { return (eight ^ kOnes * static_cast<unsigned char>(c)) + kOnes * 0x7F; };
  const std::uint64_t printable = eight + kOnes * 0x60, beyond = eight | (eight + kOnes);
  return (printable & differs('"') & differs('\\') & ~beyond & kHigh) != kHigh;
}

template <class T>
T load(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace

void LineText::grow(std::size_t bytes) {
  const auto used = static_cast<std::size_t>(at_ - begin_.get()), had = static_cast<std::size_t>(end_ - begin_.get());
  const std::size_t size = std::max({2 * had, used + bytes, std::size_t{1024}});
  auto larger = std::make_unique_for_overwrite<char[]>(size);
  std::copy_n(begin_.get(), used, larger.get());
  begin_ = std::move(larger);
  at_ = begin_.get() + used;
  end_ = begin_.get() + size;
}

// Nearly all texts are. False: nothing was added. REQUIRES: there is room.
bool LineText::copy_plain(std::string_view text) {
  const std::size_t size = text.size();
  const char* from = text.data();
  if (size >= 8) {
    const auto copy = [&](std::size_t at) {
      const auto eight = load<std::uint64_t>(from + at);
      std::memcpy(at_ + at, &eight, 8);
      return !any_special(eight);
    };
    for (std::size_t at = 0; at + 8 < size; at += 8)
      if (!copy(at)) return false;
    if (!copy(size - 8)) return false;  // the last eight, some of them once more
  } else if (size >= 4) {
    const auto low = load<std::uint32_t>(from), high = load<std::uint32_t>(from + size - 4);
    if (any_special(low | std::uint64_t{high} << 32)) return false;
    std::memcpy(at_, &low, 4);
    std::memcpy(at_ + size - 4, &high, 4);
  } else {
    for (std::size_t i = 0; i < size; ++i) {
      if (needs_escape(from[i]) || static_cast<unsigned char>(from[i]) >= 0x80) return false;
      at_[i] = from[i];
    }
  }
  at_ += size;
  return true;
}

void LineText::escape(std::string_view text) {
  std::string repaired;
  if (!wire::valid_utf8(text)) text = repaired = wire::to_valid_utf8(text);
  for (const char c : text) {
    if (!needs_escape(c)) {
      raw(c);
    } else if (c == '"' || c == '\\') {
      raw('\\');
      raw(c);
    } else if (c == '\n') {
      raw("\\n");
    } else if (c == '\t') {
      raw("\\t");
    } else if (c == '\r') {
      raw("\\r");
    } else {
      raw("\\u00");
      raw("0123456789abcdef"[static_cast<unsigned char>(c) >> 4]);
      raw("0123456789abcdef"[c & 15]);
    }
  }
}

void LineText::number(double d) {
  room(32);
  // Most are thousandths, as milliseconds with microseconds are; up to a billion no shorter text means the same number.
  if (d >= 0 && d < 1e9) {
    const auto thousandths = static_cast<std::int64_t>(d * 1000 + 0.5);
    if (static_cast<double>(thousandths) / 1000 == d) {
      number(thousandths / 1000);
      const auto rest = static_cast<std::uint64_t>(thousandths % 1000);
      if (rest == 0) return;
      raw('.');
      if (rest % 10 != 0) return digits(rest, 3);
      return rest % 100 != 0 ? digits(rest / 10, 2) : digits(rest / 100, 1);
    }
  }
  at_ = fmt::format_to_n(at_, 32, FMT_COMPILE("{}"), d).out;
}

}  // namespace pintle::app

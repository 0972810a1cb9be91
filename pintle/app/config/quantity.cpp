#include <pintle/app/config/internal/quantity.hpp>

#include <limits>

#include <fmt/format.h>

namespace pintle::app {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

// Longest first where one is a part of another's start.
constexpr Unit kTimes[] = {
    {"ns", 1},
    {"us", 1'000},
    {"ms", 1'000'000},
    {"s", 1'000'000'000},
    {"m", 60'000'000'000},
    {"h", 3'600'000'000'000},
    {"d", 86'400'000'000'000},
};
constexpr Unit kSizes[] = {
    {"", 1},          {"B", 1},      {"KiB", 1 << 10},  {"MiB", 1 << 20},
    {"GiB", 1 << 30}, {"kB", 1'000}, {"MB", 1'000'000}, {"GB", 1'000'000'000},
};

constexpr bool digit(char c) { return c >= '0' && c <= '9'; }

// More than any quantity, and small enough to be multiplied by any factor.
constexpr __int128 kMost = static_cast<__int128>(std::numeric_limits<std::uint64_t>::max()) * 1'000'000'000;

// "12.5" at the start of `text`, as a number of 10^-9; removes it.
std::optional<__int128> take_number(std::string_view& text) {
  constexpr std::int64_t kScale = 1'000'000'000;
  __int128 number = 0;
  std::size_t digits = 0;
  for (; !text.empty() && digit(text.front()); text.remove_prefix(1), ++digits) {
    if (digits > 19) return std::nullopt;  // as many as 2^64 has
    number = number * 10 + (text.front() - '0');
  }
  if (digits == 0) return std::nullopt;
  number *= kScale;
  if (!text.starts_with('.')) return number;
  text.remove_prefix(1);
  std::int64_t place = kScale;
  for (digits = 0; !text.empty() && digit(text.front()); text.remove_prefix(1), ++digits) {
    if (digits == 9) return std::nullopt;
    place /= 10;
    number += place * (text.front() - '0');
  }
  if (digits == 0) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration::zero();
  if (text.empty()) return std::nullopt;
  __int128 total = 0;
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    std::size_t letters = 0;
    while (letters < text.size() && !digit(text[letters])) ++letters;
    const Unit* unit = nullptr;
    for (const Unit& candidate : kTimes) {
      if (candidate.name == text.substr(0, letters)) unit = &candidate;
    }
    if (unit == nullptr) return std::nullopt;
    text.remove_prefix(letters);
    if (*number > kMost / unit->factor) return std::nullopt;
    total += *number * unit->factor / 1'000'000'000;
    if (total > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
  }
  return Duration(static_cast<std::int64_t>(total));
}

std::string format_duration(Duration duration) {
  if (duration == Duration::zero()) return "0s";
  const Unit* best = &kTimes[0];
  for (const Unit& unit : kTimes) {
    if (unit.name != "d" && duration.count() % unit.factor == 0) best = &unit;
  }
  return fmt::format("{}{}", duration.count() / best->factor, best->name);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::string_view rest = text;
  const auto number = take_number(rest);
  if (!number) return std::nullopt;
  for (const Unit& unit : kSizes) {
    if (unit.name != rest) continue;
    if (*number > kMost / unit.factor) return std::nullopt;
    const __int128 scaled = *number * unit.factor;
    const __int128 bytes = scaled / 1'000'000'000;
    if (scaled % 1'000'000'000 != 0 || bytes > std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
    return static_cast<std::uint64_t>(bytes);
  }
  return std::nullopt;
}

std::string format_size(std::uint64_t bytes) {
  for (const Unit* unit : {&kSizes[4], &kSizes[3], &kSizes[2]}) {
    const auto factor = static_cast<std::uint64_t>(unit->factor);
    if (bytes != 0 && bytes % factor == 0) return fmt::format("{}{}", bytes / factor, unit->name);
  }
  return fmt::to_string(bytes);
}

}  // namespace pintle::app

#include <pintle/wire/timeout.hpp>

#include <charconv>
#include <cstdint>

namespace pintle::wire {
namespace {

constexpr std::size_t kMaxDigits = 8;
constexpr std::int64_t kMaxNumber = 99'999'999;

struct Unit {
  char letter;
  std::int64_t nanoseconds;
};
constexpr Unit kUnits[] = {
    {'n', 1}, {'u', 1'000}, {'m', 1'000'000}, {'S', 1'000'000'000}, {'M', 60'000'000'000}, {'H', 3'600'000'000'000},
};

}  // namespace

std::optional<Duration> parse_timeout(std::string_view value) noexcept {
  if (value.size() < 2 || value.size() > kMaxDigits + 1) return std::nullopt;
  std::int64_t number = 0;
  for (char c : value.substr(0, value.size() - 1)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  for (const Unit& unit : kUnits) {
    if (unit.letter != value.back()) continue;
    if (number > Duration::max().count() / unit.nanoseconds) return Duration::max();
    return Duration(number * unit.nanoseconds);
  }
  return std::nullopt;
}

std::string_view format_timeout(Duration timeout, std::span<char, 16> room) noexcept {
  const std::int64_t nanoseconds = timeout.count() < 1 ? 1 : timeout.count();
  const Unit* unit = kUnits;
  while (nanoseconds / unit->nanoseconds > kMaxNumber) ++unit;  // hours always fit: 2^63 ns are 2 562 047 of them
  char* end = std::to_chars(room.data(), room.data() + room.size(), nanoseconds / unit->nanoseconds).ptr;
  *end++ = unit->letter;
  return {room.data(), end};
}

}  // namespace pintle::wire

#include <pintle/client/internal/json_fields.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace pintle::client {

Fields::Fields(const boost::json::value& value, std::string where)
    : object_(value.if_object()), where_(std::move(where)) {
  if (object_ == nullptr) throw Wrong((where_.empty() ? std::string() : where_ + ": ") + "an object is expected");
}

std::string Fields::place(std::string_view key) const {
  return where_.empty() ? std::string(key) : where_ + '.' + std::string(key);
}

void Fields::wrong(std::string_view key, std::string_view what) const {
  throw Wrong(fmt::format("{}: {}", place(key), what));
}

const boost::json::value* Fields::find(std::string_view key) const {
  const boost::json::value* const found = object_->if_contains({key.data(), key.size()});
  return found != nullptr && !found->is_null() ? found : nullptr;
}

std::optional<std::string> Fields::text(std::string_view key) const {
  const auto* const value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) wrong(key, "a text is expected");
  return std::string(value->get_string());
}

std::optional<bool> Fields::truth(std::string_view key) const {
  const auto* const value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_bool()) wrong(key, "true or false is expected");
  return value->get_bool();
}

std::optional<double> Fields::number(std::string_view key) const {
  const auto* const value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_int64()) return static_cast<double>(value->get_int64());
  if (value->is_uint64()) return static_cast<double>(value->get_uint64());
  if (value->is_double()) return value->get_double();
  wrong(key, "a number is expected");
}

std::optional<std::uint64_t> Fields::whole(std::string_view key) const {
  const auto* const value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) {
    const auto& text = value->get_string();
    std::uint64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size())
      wrong(key, fmt::format("a whole number is expected, not '{}'", std::string_view(text.data(), text.size())));
    return number;
  }
  const double number = *this->number(key);
  if (number < 0 || number != std::floor(number) || number > 4294967295.0)
    wrong(key, "a whole number from 0 to 4294967295 is expected");
  return static_cast<std::uint64_t>(number);
}

std::optional<Duration> Fields::duration(std::string_view key) const {
  const auto told = text(key);
  if (!told) return std::nullopt;
  const auto bad = [&] {
    wrong(key,
          fmt::format("'{}' is no duration: seconds with at most nine decimals are expected, such as 1.5s", *told));
  };
  std::string_view rest = *told;
  if (!rest.ends_with('s')) bad();
  rest.remove_suffix(1);
  const std::size_t point = rest.find('.');
  const std::string_view whole = rest.substr(0, point);
  const std::string_view part = point == std::string_view::npos ? std::string_view() : rest.substr(point + 1);
  const auto digits = [](std::string_view t) {
    return std::ranges::all_of(t, [](char c) { return c >= '0' && c <= '9'; });
  };
  if (whole.empty() || whole.size() > 12 || !digits(whole) || !digits(part) || part.size() > 9 ||
      (point != std::string_view::npos && part.empty()))
    bad();
  std::int64_t seconds = 0, nanos = 0;
  std::from_chars(whole.data(), whole.data() + whole.size(), seconds);
  std::string padded(part);
  padded.resize(9, '0');
  std::from_chars(padded.data(), padded.data() + 9, nanos);
  constexpr std::int64_t kMost = 100LL * 365 * 24 * 3600;  // a century is for ever
  return std::chrono::seconds(std::min(seconds, kMost)) + std::chrono::nanoseconds(nanos);
}

std::optional<Fields> Fields::object(std::string_view key) const {
  const auto* const value = find(key);
  if (value == nullptr) return std::nullopt;
  return Fields(*value, place(key));
}

const boost::json::array* Fields::list(std::string_view key) const {
  const auto* const value = find(key);
  if (value == nullptr) return nullptr;
  if (!value->is_array()) wrong(key, "a list is expected");
  return &value->get_array();
}

Fields Fields::element(std::string_view key, std::size_t index, const boost::json::value& value) const {
  return Fields(value, fmt::format("{}[{}]", place(key), index));
}

Code Fields::code(std::string_view key, std::size_t index, const boost::json::value& value) const {
  const std::string where = fmt::format("{}[{}]", key, index);
  if (value.is_string()) {
    std::string name(value.get_string());
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    for (std::uint32_t number = 0; number <= 16; ++number)
      if (code_name(code_from_number(number)) == name) return code_from_number(number);
  } else if (value.is_int64() && value.get_int64() >= 0 && value.get_int64() <= 16) {
    return code_from_number(static_cast<std::uint32_t>(value.get_int64()));
  }
  wrong(where, "a status code is expected, by its name or its number from 0 to 16");
}

std::uint64_t Fields::required_whole(std::string_view key, std::uint64_t least) const {
  const auto told = whole(key);
  if (!told || *told < least) wrong(key, fmt::format("a whole number of at least {} is needed", least));
  return *told;
}

double Fields::required_number(std::string_view key) const {
  const auto told = number(key);
  if (!told) wrong(key, "a number is needed");
  return *told;
}

Duration Fields::required_duration(std::string_view key) const {
  const auto told = duration(key);
  if (!told || *told <= Duration::zero()) wrong(key, "a duration above 0s is needed");
  return *told;
}

}  // namespace pintle::client

#include <pintle/app/config/internal/value.hpp>

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/duration.pb.h>

#include <pintle/app/config/internal/quantity.hpp>
#include <pintle/wire/utf8.hpp>

namespace pintle::app {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool is_duration(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field.message_type() == google::protobuf::Duration::descriptor();
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

// LogLevel → "log_level_", the prefix that the enumerators of well-kept schemas share.
std::string prefix_of(const EnumDescriptor& type) {
  std::string out;
  for (char c : type.name()) {
    const bool capital = c >= 'A' && c <= 'Z';
    if (capital && !out.empty()) out.push_back('_');
    out.push_back(capital ? static_cast<char>(c - 'A' + 'a') : c);
  }
  return out + '_';
}

std::string name_of(const EnumValueDescriptor& value) {
  std::string name = lower(value.name());
  const std::string prefix = prefix_of(*value.type());
  if (name.starts_with(prefix)) name.erase(0, prefix.size());
  return name;
}

// The enumerators that may be written: all but the zero that stands for "not said".
std::vector<const EnumValueDescriptor*> choices(const EnumDescriptor& type) {
  std::vector<const EnumValueDescriptor*> out;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0 || name_of(*type.value(i)) != "unspecified") out.push_back(type.value(i));
  }
  return out;
}

std::string names(const EnumDescriptor& type) {
  std::vector<std::string> out;
  for (const EnumValueDescriptor* value : choices(type)) out.push_back(name_of(*value));
  return fmt::format("{}", fmt::join(out, ", "));
}

template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// What a text means by its type alone.
std::optional<Value> read(const FieldDescriptor& field, std::string_view text) {
  if (is_duration(field)) {
    if (text == "none" && rule(field).may_be_none()) return Value(None());
    if (const auto duration = parse_duration(text)) return Value(*duration);
    return std::nullopt;
  }
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      if (text == "true" || text == "false") return Value(text == "true");
      return std::nullopt;
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
      if (const auto value = number<std::int64_t>(text)) return Value(*value);
      return std::nullopt;
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
      if (const auto value = rule(field).size() ? parse_size(text) : number<std::uint64_t>(text)) return Value(*value);
      return std::nullopt;
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      if (const auto value = number<double>(text); value && std::isfinite(*value)) return Value(*value);
      return std::nullopt;
    case FieldDescriptor::CPPTYPE_STRING:
      if (field.type() == FieldDescriptor::TYPE_STRING && !wire::valid_utf8(text)) return std::nullopt;
      return Value(std::string(text));
    case FieldDescriptor::CPPTYPE_ENUM:
      for (const EnumValueDescriptor* value : choices(*field.enum_type())) {
        if (lower(text) == name_of(*value)) return Value(value);
      }
      return std::nullopt;
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return std::nullopt;
  }
  return std::nullopt;
}

std::string how_to_write(const FieldDescriptor& field) {
  if (is_duration(field)) {
    return fmt::format("write a number with a unit, such as 250ms, 5s or 2m{}",
                       rule(field).may_be_none() ? ", or none" : "");
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL) return "write true or false";
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM)
    return fmt::format("write one of {}", names(*field.enum_type()));
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) return "write UTF-8";
  if (rule(field).size()) return "write a number of bytes, such as 65536, 64KiB or 4MiB";
  if (const std::string& example = rule(field).default_(); !example.empty()) {
    return fmt::format("write a number, such as {}", example);
  }
  return "write a number";
}

// The borders that the field's own type draws.
std::optional<std::pair<Value, Value>> type_limits(const FieldDescriptor& field) {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
    return std::pair(Value(std::int64_t{std::numeric_limits<std::int32_t>::min()}),
                     Value(std::int64_t{std::numeric_limits<std::int32_t>::max()}));
  }
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
    return std::pair(Value(std::uint64_t{0}), Value(std::uint64_t{std::numeric_limits<std::uint32_t>::max()}));
  }
  return std::nullopt;
}

std::optional<Value> limit(const FieldDescriptor& field, const std::string& text) {
  if (text.empty()) return std::nullopt;
  return read(field, text);
}

}  // namespace

const config::v1::FieldRule& rule(const FieldDescriptor& field) {
  return field.options().GetExtension(config::v1::field);
}

bool is_value(const FieldDescriptor& field) {
  return field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || is_duration(field);
}

std::string type_of(const FieldDescriptor& field) {
  if (is_duration(field)) return "duration";
  if (field.is_map()) return "map";
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      return "true or false";
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return "number";
    case FieldDescriptor::CPPTYPE_STRING:
      return rule(field).path() ? "path" : "text";
    case FieldDescriptor::CPPTYPE_ENUM:
      return fmt::format("one of {}", names(*field.enum_type()));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return "section";
    default:
      return rule(field).size() ? "size" : "whole number";
  }
}

std::expected<Value, Problem> parse_value(const FieldDescriptor& field, std::string_view text) {
  const std::string shown =
      rule(field).secret() ? "the value (a secret)" : fmt::format("'{}'", wire::to_valid_utf8(text));
  const auto value = read(field, text);
  if (!value) {
    std::string what = fmt::format(
        "{} is not {}", shown,
        field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM || field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL
            ? type_of(field)
            : fmt::format("a {}", type_of(field)));
    return std::unexpected(Problem{std::move(what), how_to_write(field)});
  }
  if (std::holds_alternative<None>(*value)) return *value;

  auto low = limit(field, rule(field).min()), high = limit(field, rule(field).max());
  if (const auto own = type_limits(field)) {
    if (!low) low = own->first;
    if (!high) high = own->second;
  }
  if ((low && *value < *low) || (high && *value > *high)) {
    const bool small = low && *value < *low;
    std::string range = low && high
                            ? fmt::format("from {} to {}", format_value(field, *low), format_value(field, *high))
                        : low ? fmt::format("of at least {}", format_value(field, *low))
                              : fmt::format("of at most {}", format_value(field, *high));
    return std::unexpected(Problem{fmt::format("{} is too {}", shown, small ? "small" : "large"),
                                   fmt::format("write a {} {}", type_of(field), range)});
  }
  return *value;
}

std::string format_value(const FieldDescriptor& field, const Value& value) {
  struct Formatter {
    const FieldDescriptor& field;
    std::string operator()(None) const { return "none"; }
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(std::int64_t n) const { return fmt::to_string(n); }
    std::string operator()(std::uint64_t n) const { return rule(field).size() ? format_size(n) : fmt::to_string(n); }
    std::string operator()(double d) const { return fmt::to_string(d); }
    std::string operator()(const std::string& s) const { return s; }
    std::string operator()(Duration d) const { return format_duration(d); }
    std::string operator()(const EnumValueDescriptor* e) const { return name_of(*e); }
  };
  return std::visit(Formatter{field}, value);
}

void store(Message& message, const FieldDescriptor& field, const Value& value) {
  const auto& r = *message.GetReflection();
  const bool add = field.is_repeated();
  if (is_duration(field)) {
    if (std::holds_alternative<None>(value)) return r.ClearField(&message, &field);
    const auto nanoseconds = std::get<Duration>(value).count();
    auto& to = static_cast<google::protobuf::Duration&>(
        *(add ? r.AddMessage(&message, &field) : r.MutableMessage(&message, &field)));
    to.set_seconds(nanoseconds / 1'000'000'000);
    to.set_nanos(static_cast<std::int32_t>(nanoseconds % 1'000'000'000));
    return;
  }
  switch (field.cpp_type()) {
#define PINTLE_STORE(CPPTYPE, Name, type, alternative)                         \
  case FieldDescriptor::CPPTYPE_##CPPTYPE: {                                   \
    const auto v = static_cast<type>(std::get<alternative>(value));            \
    add ? r.Add##Name(&message, &field, v) : r.Set##Name(&message, &field, v); \
    return;                                                                    \
  }
    PINTLE_STORE(BOOL, Bool, bool, bool)
    PINTLE_STORE(INT32, Int32, std::int32_t, std::int64_t)
    PINTLE_STORE(INT64, Int64, std::int64_t, std::int64_t)
    PINTLE_STORE(UINT32, UInt32, std::uint32_t, std::uint64_t)
    PINTLE_STORE(UINT64, UInt64, std::uint64_t, std::uint64_t)
    PINTLE_STORE(FLOAT, Float, float, double)
    PINTLE_STORE(DOUBLE, Double, double, double)
    PINTLE_STORE(STRING, String, std::string, std::string)
    PINTLE_STORE(ENUM, Enum, const EnumValueDescriptor*, const EnumValueDescriptor*)
#undef PINTLE_STORE
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return;
  }
}

Value load(const Message& message, const FieldDescriptor& field, int index) {
  const auto& r = *message.GetReflection();
  const bool one = index < 0;
  if (is_duration(field)) {
    if (one && !r.HasField(message, &field)) return rule(field).may_be_none() ? Value(None()) : Value(Duration::zero());
    const auto& d = static_cast<const google::protobuf::Duration&>(one ? r.GetMessage(message, &field)
                                                                       : r.GetRepeatedMessage(message, &field, index));
    return std::chrono::seconds(d.seconds()) + Duration(d.nanos());
  }
  switch (field.cpp_type()) {
#define PINTLE_LOAD(CPPTYPE, Name, alternative) \
  case FieldDescriptor::CPPTYPE_##CPPTYPE:      \
    return static_cast<alternative>(one ? r.Get##Name(message, &field) : r.GetRepeated##Name(message, &field, index));
    PINTLE_LOAD(BOOL, Bool, bool)
    PINTLE_LOAD(INT32, Int32, std::int64_t)
    PINTLE_LOAD(INT64, Int64, std::int64_t)
    PINTLE_LOAD(UINT32, UInt32, std::uint64_t)
    PINTLE_LOAD(UINT64, UInt64, std::uint64_t)
    PINTLE_LOAD(FLOAT, Float, double)
    PINTLE_LOAD(DOUBLE, Double, double)
    PINTLE_LOAD(STRING, String, std::string)
    PINTLE_LOAD(ENUM, Enum, const EnumValueDescriptor*)
#undef PINTLE_LOAD
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return None();
}

}  // namespace pintle::app

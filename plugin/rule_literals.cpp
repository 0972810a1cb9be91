#include <cmath>
#include <cstdint>
#include <cstdio>
#include <vector>

#include <google/protobuf/compiler/cpp/names.h>

#include "names.hpp"
#include "rule_literals.hpp"
#include <pintle/validate/pattern.hpp>

namespace pintle::plugin {
namespace {

namespace pb = google::protobuf;
using Fields = std::vector<const pb::FieldDescriptor*>;

std::string number_literal(std::int64_t value) {
  if (value == INT64_MIN) return "INT64_MIN";
  return std::to_string(value) + "LL";
}

std::string number_literal(std::uint64_t value) { return std::to_string(value) + "ULL"; }

template <class T>
std::string real_literal(T value, const char* type) {
  const std::string limits = std::string("::std::numeric_limits<") + type + ">::";
  if (std::isnan(value)) return limits + "quiet_NaN()";
  if (std::isinf(value)) return (value < 0 ? "-" : "") + limits + "infinity()";
  char text[64];
  std::snprintf(text, sizeof text, "%a", static_cast<double>(value));
  return std::string("static_cast<") + type + ">(" + text + ")";
}

std::string moment_literal(const pb::Message& moment) {
  const pb::Reflection& reflection = *moment.GetReflection();
  const pb::Descriptor& type = *moment.GetDescriptor();
  return "::pintle::validate::Moment(" + number_literal(reflection.GetInt64(moment, type.FindFieldByName("seconds"))) +
         ", " + std::to_string(reflection.GetInt32(moment, type.FindFieldByName("nanos"))) + ")";
}

std::string paths_literal(const pb::Message& mask) {
  const pb::FieldDescriptor* paths = mask.GetDescriptor()->FindFieldByName("paths");
  std::string text = "{";
  for (int i = 0; i < mask.GetReflection()->FieldSize(mask, paths); ++i)
    text += (i > 0 ? ", " : "") + string_literal(mask.GetReflection()->GetRepeatedString(mask, paths, i));
  return text + "}";
}

// The value of a rule; `index` of a list, or -1.
std::string value_literal(const pb::Message& rules, const pb::FieldDescriptor& rule, int index) {
  const pb::Reflection& r = *rules.GetReflection();
  const bool one = index < 0;
  switch (rule.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return number_literal(std::int64_t{one ? r.GetInt32(rules, &rule) : r.GetRepeatedInt32(rules, &rule, index)});
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return number_literal(one ? r.GetInt64(rules, &rule) : r.GetRepeatedInt64(rules, &rule, index));
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return number_literal(std::uint64_t{one ? r.GetUInt32(rules, &rule) : r.GetRepeatedUInt32(rules, &rule, index)});
    case pb::FieldDescriptor::CPPTYPE_UINT64:
      return number_literal(one ? r.GetUInt64(rules, &rule) : r.GetRepeatedUInt64(rules, &rule, index));
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return real_literal(one ? r.GetDouble(rules, &rule) : r.GetRepeatedDouble(rules, &rule, index), "double");
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return real_literal(one ? r.GetFloat(rules, &rule) : r.GetRepeatedFloat(rules, &rule, index), "float");
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return (one ? r.GetBool(rules, &rule) : r.GetRepeatedBool(rules, &rule, index)) ? "true" : "false";
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return std::to_string(r.GetEnumValue(rules, &rule));
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return string_literal(one ? r.GetString(rules, &rule) : r.GetRepeatedString(rules, &rule, index));
    case pb::FieldDescriptor::CPPTYPE_MESSAGE: {
      const pb::Message& value = one ? r.GetMessage(rules, &rule) : r.GetRepeatedMessage(rules, &rule, index);
      return value.GetDescriptor()->name() == "FieldMask" ? paths_literal(value) : moment_literal(value);
    }
  }
  return {};
}

std::string list_literal(const pb::Message& rules, const pb::FieldDescriptor& rule) {
  // Integers narrow where their type is smaller than the literal's: that is what the braces forbid.
  std::string text = "{";
  for (int i = 0; i < rules.GetReflection()->FieldSize(rules, &rule); ++i) {
    std::string value = value_literal(rules, rule, i);
    if (rule.cpp_type() == pb::FieldDescriptor::CPPTYPE_INT32) value = "static_cast<::std::int32_t>(" + value + ")";
    if (rule.cpp_type() == pb::FieldDescriptor::CPPTYPE_UINT32) value = "static_cast<::std::uint32_t>(" + value + ")";
    if (rule.cpp_type() == pb::FieldDescriptor::CPPTYPE_INT64) value = "static_cast<::std::int64_t>(" + value + ")";
    if (rule.cpp_type() == pb::FieldDescriptor::CPPTYPE_UINT64) value = "static_cast<::std::uint64_t>(" + value + ")";
    text += (i > 0 ? ", " : "") + value;
  }
  return text + "}";
}

// One rule as a call: ".min_len(1)".
std::string call_of(const pb::FieldDescriptor& field, const pb::Message& rules, const pb::FieldDescriptor& rule) {
  const std::string& name = rule.name();
  const std::string kind = rules.GetDescriptor()->name();
  const bool is_bool = rule.cpp_type() == pb::FieldDescriptor::CPPTYPE_BOOL && !rule.is_repeated();
  if (rule.containing_oneof() != nullptr && rule.containing_oneof()->name() == "well_known" && is_bool) {
    if (!rules.GetReflection()->GetBool(rules, &rule)) return {};
    return kind == "StringRules" ? ".well_known(::pintle::validate::WellKnown::" + name + ")"
                                 : ".format(::pintle::validate::BytesRules::Format::" + name + ")";
  }
  if (kind == "EnumRules" && name == "defined_only") {
    if (!rules.GetReflection()->GetBool(rules, &rule)) return {};
    return ".defined_only(&::" + pb::compiler::cpp::QualifiedClassName(field.enum_type()).substr(2) + "_IsValid)";
  }
  const std::string function = name == "const" ? "const_" : name;
  return "." + function + "(" + (rule.is_repeated() ? list_literal(rules, rule) : value_literal(rules, rule, -1)) + ")";
}

// The rule type that the field's values have: "int32", "string", "duration"; empty: a message of no such type.
std::string type_of_values(const pb::FieldDescriptor& field) {
  if (field.type() == pb::FieldDescriptor::TYPE_ENUM) return "enum";
  if (field.cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) return pb::FieldDescriptor::TypeName(field.type());
  const std::string& name = field.message_type()->full_name();
  constexpr const char* kTypes[][2] = {{"google.protobuf.Any", "any"},
                                       {"google.protobuf.Duration", "duration"},
                                       {"google.protobuf.Timestamp", "timestamp"},
                                       {"google.protobuf.FieldMask", "field_mask"},
                                       {"google.protobuf.DoubleValue", "double"},
                                       {"google.protobuf.FloatValue", "float"},
                                       {"google.protobuf.Int64Value", "int64"},
                                       {"google.protobuf.UInt64Value", "uint64"},
                                       {"google.protobuf.Int32Value", "int32"},
                                       {"google.protobuf.UInt32Value", "uint32"},
                                       {"google.protobuf.BoolValue", "bool"},
                                       {"google.protobuf.StringValue", "string"},
                                       {"google.protobuf.BytesValue", "bytes"}};
  for (const auto& [type, rules] : kTypes)
    if (name == type) return rules;
  return {};
}

std::string class_of(const pb::Message& rules) { return "::pintle::validate::" + rules.GetDescriptor()->name(); }

}  // namespace

std::string string_literal(const std::string& bytes) {
  std::string text = "::std::string(\"";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\' && c != '?')
      text += c;
    else
      text += {'\\', static_cast<char>('0' + (byte >> 6)), static_cast<char>('0' + (byte >> 3 & 7)),
               static_cast<char>('0' + (byte & 7))};
  }
  return text + "\", " + std::to_string(bytes.size()) + ")";
}

std::expected<std::string, std::string> rules_expression(const pb::FieldDescriptor& field,
                                                         const buf::validate::FieldRules& all, bool element) {
  if (all.cel_size() > 0 || all.cel_expression_size() > 0)
    return std::unexpected(
        "has a rule in CEL, which is not compiled to native code yet: write it with the standard rules");
  const pb::FieldDescriptor* type =
      all.GetReflection()->GetOneofFieldDescriptor(all, all.GetDescriptor()->FindOneofByName("type"));
  if (type == nullptr) return std::string();
  const std::string expected = element               ? type_of_values(field)
                               : field.is_map()      ? "map"
                               : field.is_repeated() ? "repeated"
                                                     : type_of_values(field);
  if (type->name() != expected)
    return std::unexpected("has rules of the type " + type->name() + ", and is " +
                           (expected.empty() ? "a message, for which there are none" : "of the type " + expected));
  const pb::Message& rules = all.GetReflection()->GetMessage(all, type);
  if (!rules.GetReflection()->GetUnknownFields(rules).empty())
    return std::unexpected("has a predefined rule, which is written in CEL and not compiled to native code yet");
  Fields set;
  rules.GetReflection()->ListFields(rules, &set);
  std::string calls;
  for (const pb::FieldDescriptor* rule : set) {
    if (rule->is_extension())
      return std::unexpected("has the predefined rule " + rule->full_name() +
                             ", which is written in CEL and not compiled to native code yet");
    const std::string& name = rule->name();
    if (name == "example" || name == "items" || name == "keys" || name == "values") continue;
    if (name == "unique" && field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE)
      return std::unexpected("is a list of messages, which can't be unique");
    if (name == "pattern") {
      const std::string& text = rules.GetReflection()->GetString(rules, rule);
      if (const std::string why = validate::Pattern(text).error(); !why.empty())
        return std::unexpected("has the pattern `" + text + "`, which is no regular expression of RE2: " + why);
    }
    calls += call_of(field, rules, *rule);
  }
  if (calls.empty()) return std::string();
  return class_of(rules) + "()" + calls;
}

}  // namespace pintle::plugin

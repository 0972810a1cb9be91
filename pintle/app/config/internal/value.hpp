// One value of the configuration: its text, its type, its limits, its place in a message.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <pintle/base/clock.hpp>
#include <pintle/config/v1/options.pb.h>

namespace pintle::app {

// What is wrong with a value, and how to mend it.
struct Problem {
  std::string what, mend;
};

using None = std::monostate;  // a duration that is absent
using Value = std::variant<None, bool, std::int64_t, std::uint64_t, double, std::string, Duration,
                           const google::protobuf::EnumValueDescriptor*>;

const config::v1::FieldRule& rule(const google::protobuf::FieldDescriptor& field);

// Whether the field holds a value (or a list of them) rather than a message or a map.
bool is_value(const google::protobuf::FieldDescriptor& field);

// "duration", "size", "path", "whole number", "true or false", "one of debug, info": for errors and --help.
std::string type_of(const google::protobuf::FieldDescriptor& field);

// The value that a text stands for, when it has the field's type and lies within its limits.
// REQUIRES: is_value(field). For a list: one of its elements.
std::expected<Value, Problem> parse_value(const google::protobuf::FieldDescriptor& field, std::string_view text);

// As a user would write it, without quotes.
std::string format_value(const google::protobuf::FieldDescriptor& field, const Value& value);

// Sets the field, or appends to it when it is a list.
void store(google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field, const Value& value);

// The field's value, or the element at `index` of a list.
Value load(const google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field, int index = -1);

}  // namespace pintle::app

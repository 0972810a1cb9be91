// Rules as C++: a message of buf.validate becomes the fluent expression of the class that checks it.
#pragma once

#include <expected>
#include <string>

#include <buf/validate/validate.pb.h>
#include <google/protobuf/descriptor.h>

namespace pintle::plugin {

// "::pintle::validate::StringRules().min_len(1)" for the type that `rules` has set; empty when it has set none, or no
// rule in it. The error says which rule can't be checked natively, or does not fit the field. `element`: the rules are
// about the elements of the field, when it is a list or a map's part.
std::expected<std::string, std::string> rules_expression(const google::protobuf::FieldDescriptor& field,
                                                         const buf::validate::FieldRules& rules, bool element);

// A text or bytes as an expression that makes a std::string.
std::string string_literal(const std::string& bytes);

}  // namespace pintle::plugin

// The rules of buf.validate that stand in a .proto, and the validators that check them.
#pragma once

#include <expected>
#include <map>
#include <string>
#include <vector>

#include <google/protobuf/descriptor.h>

#include "parameters.hpp"

namespace pintle::plugin {

// Why the rules of a file can't be checked, a line for each: "items.proto:12:3: items.v1.Item.name: ..."; empty when
// they can. CEL is one reason: it is never left out silently.
std::string rules_refusal(const google::protobuf::FileDescriptor& file);

// Whether a message, or one that lies in it, has rules: then it has a validator.
bool has_rules(const google::protobuf::Descriptor& message);

struct RulesModel {
  // Of messages with validators: "::items::v1::Item", in an order in which they may be written.
  std::vector<std::string> types;
  // Other files whose validators are called: what to include.
  std::vector<std::string> includes;
  std::string constants;  // the rules, as C++ objects
  std::string bodies;     // the validators
};

RulesModel rules_of(const google::protobuf::FileDescriptor& file, const Parameters& parameters);

}  // namespace pintle::plugin

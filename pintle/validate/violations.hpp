// What is wrong with a message: plain data, as buf.validate.Violations says it on the wire.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pintle {

// google.protobuf.FieldDescriptorProto.Type.
enum class FieldType : std::int8_t {
  none = 0,
  float64 = 1,
  float32 = 2,
  int64 = 3,
  uint64 = 4,
  int32 = 5,
  fixed64 = 6,
  fixed32 = 7,
  boolean = 8,
  string = 9,
  group = 10,
  message = 11,
  bytes = 12,
  uint32 = 13,
  enumeration = 14,
  sfixed32 = 15,
  sfixed64 = 16,
  sint32 = 17,
  sint64 = 18,
};

// Which element of a list (an index) or a map (its key).
struct ListIndex {
  std::uint64_t value;
};
using Subscript = std::variant<std::monostate, ListIndex, bool, std::int64_t, std::uint64_t, std::string>;

// One field on the way to what is meant. The name is a text that lives as long as the program.
struct PathElement {
  std::int32_t number = 0;  // 0: a oneof, which has a name only
  std::string_view name;
  FieldType type = FieldType::none;
  FieldType key = FieldType::none, value = FieldType::none;  // of a map
  Subscript subscript;
};
using FieldPath = std::vector<PathElement>;

// "items[3].labels[\"colour\"].name"
std::string path_text(const FieldPath& path);

struct Violation {
  FieldPath field;       // outermost first; empty: the message as a whole
  FieldPath rule;        // in buf.validate.FieldRules: string.min_len; empty: a rule of a message or a oneof
  std::string rule_id;   // "string.min_len"
  std::string message;   // "must be at least 3 characters"
  bool for_key = false;  // about the key of a map's entry, not its value
};

struct Violations {
  std::vector<Violation> all;
  // Why a rule could not be applied, which is a violation of its own kind; empty: each could.
  std::string error;
  bool ok() const { return all.empty() && error.empty(); }
};

}  // namespace pintle

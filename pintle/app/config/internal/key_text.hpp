// What a key takes, in words: for --help and --print-reference.
#pragma once

#include <string>

#include <google/protobuf/descriptor.h>

namespace pintle::app {

struct KeyText {
  std::string type;      // "list of text"
  std::string fallback;  // what it is when nobody says: a value, "empty", "must be set"
  std::string range;     // "1s to 60s", "at least 1"; empty: whatever the type holds
  std::string doc;
};

KeyText text_of(const google::protobuf::FieldDescriptor& field);

// What each entry of a list of sections may hold; null for any other field.
const google::protobuf::Descriptor* entries_of(const google::protobuf::FieldDescriptor& field);

// Whether it is a section within a section, whose keys lie below its own.
bool is_group(const google::protobuf::FieldDescriptor& field);

// The part of a key before its first dot.
std::string section_of(const std::string& key);

}  // namespace pintle::app

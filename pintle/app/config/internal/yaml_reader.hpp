// YAML into the messages of a draft, by their descriptors.
#pragma once

#include <string>
#include <string_view>

#include <google/protobuf/message.h>

#include <pintle/app/config/internal/draft.hpp>

namespace pintle::app {

// A whole file. `name` is how errors and origins call it.
void read_yaml_file(Draft& draft, const std::string& name, const std::string& text);

// A whole file that is one section, without its key.
void read_yaml_section(Draft& draft, const std::string& name, const std::string& text, const std::string& section);

// The value of one field, from a variable or a flag whose text is YAML: a list, a map or a message.
void read_yaml_value(Draft& draft, google::protobuf::Message& message, const google::protobuf::FieldDescriptor& field,
                     const std::string& path, std::string_view text, const std::string& where);

}  // namespace pintle::app

// A message as a line for people.
#pragma once

#include <cstddef>
#include <string>

namespace google::protobuf {
class Message;
}

namespace pintle {

// As JSON with the names of the .proto: what is set, nothing else. Fields with the option debug_redact or
// pintle.log.v1.redact are "[REDACTED]", bytes are their number, and the text ends after `most` bytes with "...".
std::string message_text(const google::protobuf::Message& message, std::size_t most);

}  // namespace pintle

// How the runner talks to programs under test: messages on stdin and stdout, each behind its length (four bytes, big
// endian).
#pragma once

#include <google/protobuf/message_lite.h>

namespace conformance {

// False at the end of the stream; throws std::runtime_error when it ends in the middle of a message or the bytes are no
// such message. Blocks.
bool read_message(int fd, google::protobuf::MessageLite& message);
// Throws std::runtime_error when nobody reads any more. Blocks.
void write_message(int fd, const google::protobuf::MessageLite& message);

}  // namespace conformance

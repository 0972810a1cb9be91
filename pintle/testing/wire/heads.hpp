// Heads of requests and responses at the edges of RFC 9113 section 8: those that an engine hands up, and those that it
// resets. What is in these tables is played against the engine and against whatever stands above it.
#pragma once

#include <vector>

#include <pintle/testing/wire/frames.hpp>

namespace pintle::testing::wire {

// Well-formed; most are nothing that a gRPC client says. Each is the whole request.
std::vector<Fields> good_request_heads();
// Malformed, also because they end the stream.
std::vector<Fields> bad_request_heads();

// Well-formed; most are nothing that a gRPC server says.
std::vector<Fields> good_response_heads();
// Malformed, also because they end the stream.
std::vector<Fields> bad_response_heads();

}  // namespace pintle::testing::wire

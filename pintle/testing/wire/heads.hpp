// The heads of requests and responses that an endpoint must take, and those that it must refuse (RFC 9113 section 8),
// by name. The engine's own tests and those of whole servers and clients play the same ones: what the engine lets pass,
// the rooms above it meet.
#pragma once

#include <string_view>
#include <vector>

#include <pintle/testing/wire/frames.hpp>

namespace pintle::testing::wire {

struct Head {
  std::string_view name;
  Fields fields;
};

// Well-formed, though no gRPC call: to be answered, with whatever status.
std::vector<Head> good_requests();
// Malformed: to be answered with RST_STREAM(PROTOCOL_ERROR), and never to be seen above the engine.
std::vector<Head> bad_requests();
// Well-formed final heads, though no gRPC response. A client may hear them with END_STREAM or without.
std::vector<Head> good_responses();
// Heads that other heads may follow.
std::vector<Head> informational_responses();
// Malformed: the call ends, and nothing of them is seen above the engine.
std::vector<Head> bad_responses();

}  // namespace pintle::testing::wire

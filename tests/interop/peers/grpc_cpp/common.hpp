// What the server and the client of the gRPC C++ peer share. Nothing of Pintle: the peer must not be wrong together
// with it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <grpcpp/grpcpp.h>

#include "grpc/testing/test.grpc.pb.h"

namespace peer {

inline constexpr const char* kEchoInitial = "x-grpc-test-echo-initial";
inline constexpr const char* kEchoTrailing = "x-grpc-test-echo-trailing-bin";

void fill(grpc::testing::Payload& payload, std::size_t size);

// Whether the message that the call read last came compressed on the wire.
bool came_compressed(grpc_call* call);

// The whole file; empty when it can't be read.
std::string contents(const std::string& path);

}  // namespace peer

// Sizes and payloads that both sides of the interoperability cases agree on.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include <grpc/testing/messages.pb.h>

namespace interop {

// Bytes; the numbers are those of grpc/doc/interop-test-descriptions.md.
inline constexpr std::size_t kLargeRequest = 271828;
inline constexpr std::size_t kLargeResponse = 314159;
inline constexpr std::array<std::size_t, 4> kRequestSizes = {27182, 8, 1828, 45904};
inline constexpr std::array<std::size_t, 4> kResponseSizes = {31415, 9, 2653, 58979};

// What the server sends back: the first in the head of the response, the second in its trailers.
inline constexpr std::string_view kEchoInitial = "x-grpc-test-echo-initial";
inline constexpr std::string_view kEchoTrailing = "x-grpc-test-echo-trailing-bin";

// `size` zeros.
void fill(grpc::testing::Payload& payload, std::size_t size);

}  // namespace interop

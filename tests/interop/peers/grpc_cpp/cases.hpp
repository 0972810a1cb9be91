// The interoperability cases of grpc/doc/interop-test-descriptions.md on gRPC C++'s synchronous client.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "common.hpp"

namespace peer {

// Leaves a case that failed.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct SoakFlags {
  int iterations = 10, max_failures = 0, max_latency_ms = 1000, overall_timeout_seconds = 10;
  int request_size = 271828, response_size = 314159;
};

struct Context {
  using Stub = grpc::testing::TestService::Stub;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<Stub> stub;
  std::function<std::shared_ptr<grpc::Channel>()> new_channel;  // with a connection of its own
  SoakFlags soak;
};

using Case = void (*)(Context&);

void empty_unary(Context& context);
void large_unary(Context& context);
void client_streaming(Context& context);
void server_streaming(Context& context);
void ping_pong(Context& context);
void empty_stream(Context& context);
void custom_metadata(Context& context);
void status_code_and_message(Context& context);
void special_status_message(Context& context);
void unimplemented_method(Context& context);
void unimplemented_service(Context& context);
void cancel_after_begin(Context& context);
void cancel_after_first_response(Context& context);
void timeout_on_sleeping_server(Context& context);
void client_compressed_unary(Context& context);
void client_compressed_streaming(Context& context);
void server_compressed_unary(Context& context);
void server_compressed_streaming(Context& context);
void rpc_soak(Context& context);
void channel_soak(Context& context);

inline constexpr std::size_t kLargeRequest = 271828, kLargeResponse = 314159;

grpc::testing::SimpleRequest large_request();
grpc::testing::StreamingInputCallRequest input_request(std::size_t size);
grpc::testing::StreamingOutputCallRequest output_request(std::size_t request_size, std::size_t response_size);

template <class T, class U>
void expect_equal(const T& seen, const U& wanted, std::string_view what) {
  if (!(seen == wanted)) throw Failure(fmt::format("{}: {} instead of {}", what, seen, wanted));
}
void expect_code(const grpc::Status& status, grpc::StatusCode wanted);
void expect_ok(const grpc::Status& status);
void expect_payload(const grpc::testing::Payload& payload, std::size_t size);

}  // namespace peer

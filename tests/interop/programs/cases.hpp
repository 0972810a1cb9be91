// The interoperability cases of grpc/doc/interop-test-descriptions.md, from the client's side.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include <grpc/testing/test.pintle.hpp>

#include <pintle/base/clock.hpp>
#include <pintle/rpc/handler.hpp>

namespace interop {

// The flags of grpc-go's client for the two soak cases, with its defaults.
struct SoakFlags {
  SoakFlags() = default;
  int iterations = 10;
  int max_failures = 0;
  int max_latency_ms = 1000;         // of one iteration
  int overall_timeout_seconds = 10;  // then what is not done has failed
  int min_time_ms_between_rpcs = 0;
  int request_size = 271828, response_size = 314159;
  int num_threads = 1;          // iterations under way at the same time
  bool wait_for_ready = false;  // not one of grpc-go's: a server that is restarted fails no call
};

// What a case works with. Used on one loop.
struct Context {
  explicit Context(std::shared_ptr<pintle::Channel> c) : channel(std::move(c)), stub(channel) {}
  std::shared_ptr<pintle::Channel> channel;
  grpc::testing::TestService::Stub stub;
  std::function<std::shared_ptr<pintle::Channel>()> new_channel;  // one more to the same server
  std::string server;
  SoakFlags soak;
};

// Each throws Failure, or what went wrong below it, and else has passed. The context outlives the task.
pintle::Task<> empty_unary(Context& context);
pintle::Task<> large_unary(Context& context);
pintle::Task<> concurrent_large_unary(Context& context);
pintle::Task<> client_streaming(Context& context);
pintle::Task<> server_streaming(Context& context);
pintle::Task<> ping_pong(Context& context);
pintle::Task<> empty_stream(Context& context);
pintle::Task<> half_duplex(Context& context);
pintle::Task<> cancel_after_begin(Context& context);
pintle::Task<> cancel_after_first_response(Context& context);
pintle::Task<> timeout_on_sleeping_server(Context& context);
pintle::Task<> custom_metadata(Context& context);
pintle::Task<> status_code_and_message(Context& context);
pintle::Task<> special_status_message(Context& context);
pintle::Task<> unimplemented_method(Context& context);
pintle::Task<> unimplemented_service(Context& context);
pintle::Task<> client_compressed_unary(Context& context);
pintle::Task<> server_compressed_unary(Context& context);
pintle::Task<> client_compressed_streaming(Context& context);
pintle::Task<> server_compressed_streaming(Context& context);
pintle::Task<> rpc_soak(Context& context);
pintle::Task<> channel_soak(Context& context);
pintle::Task<> goaway(Context& context);
pintle::Task<> rst_after_header(Context& context);
pintle::Task<> rst_during_data(Context& context);
pintle::Task<> rst_after_data(Context& context);
pintle::Task<> ping(Context& context);
pintle::Task<> max_streams(Context& context);
pintle::Task<> data_frame_padding(Context& context);
pintle::Task<> no_df_padding_sanity_test(Context& context);

// The request of large_unary.
grpc::testing::SimpleRequest large_request();
// A request of FullDuplexCall: it has `request_size` bytes and wants one response of `response_size`.
grpc::testing::StreamingOutputCallRequest output_request(std::size_t request_size, std::size_t response_size);

}  // namespace interop

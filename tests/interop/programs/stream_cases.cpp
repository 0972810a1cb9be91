#include <chrono>
#include <cstddef>

#include "cases.hpp"
#include "expect.hpp"
#include "test_data.hpp"

namespace interop {

using grpc::testing::StreamingInputCallRequest;
using grpc::testing::StreamingOutputCallRequest;
using pintle::CallOptions;
using pintle::Code;
using pintle::Task;

StreamingOutputCallRequest output_request(std::size_t request_size, std::size_t response_size) {
  StreamingOutputCallRequest request;
  request.set_response_type(grpc::testing::COMPRESSABLE);
  request.add_response_parameters()->set_size(static_cast<int>(response_size));
  fill(*request.mutable_payload(), request_size);
  return request;
}

Task<> client_streaming(Context& context) {
  auto stream = co_await context.stub.StreamingInputCall();
  std::size_t sum = 0;
  for (std::size_t size : kRequestSizes) {
    StreamingInputCallRequest request;
    fill(*request.mutable_payload(), size);
    sum += size;
    expect_ok(co_await stream.write(request), "write");
  }
  auto response = co_await stream.finish();
  expect_equal(static_cast<std::size_t>(value_of(std::move(response), "StreamingInputCall").aggregated_payload_size()),
               sum, "the sizes added up");
}

Task<> server_streaming(Context& context) {
  StreamingOutputCallRequest request;
  request.set_response_type(grpc::testing::COMPRESSABLE);
  for (std::size_t size : kResponseSizes) request.add_response_parameters()->set_size(static_cast<int>(size));
  auto stream = co_await context.stub.StreamingOutputCall(request);
  for (std::size_t size : kResponseSizes) {
    const auto* response = value_of(co_await stream.read(), "read");
    expect(response != nullptr, "the stream ended too early");
    expect_payload(response->payload(), size);
  }
  expect(value_of(co_await stream.read(), "the end of the stream") == nullptr, "a fifth response came");
}

Task<> ping_pong(Context& context) {
  auto stream = co_await context.stub.FullDuplexCall();
  for (std::size_t i = 0; i < kRequestSizes.size(); ++i) {
    const StreamingOutputCallRequest request = output_request(kRequestSizes[i], kResponseSizes[i]);
    expect_ok(co_await stream.write(request), "write");
    const auto* response = value_of(co_await stream.read(), "read");
    expect(response != nullptr, "the stream ended too early");
    expect_payload(response->payload(), kResponseSizes[i]);
  }
  stream.close_writing();
  expect(value_of(co_await stream.read(), "the end of the stream") == nullptr, "a fifth response came");
}

Task<> empty_stream(Context& context) {
  auto stream = co_await context.stub.FullDuplexCall();
  stream.close_writing();
  expect(value_of(co_await stream.read(), "the end of the stream") == nullptr, "a response came");
}

Task<> half_duplex(Context& context) {
  auto stream = co_await context.stub.HalfDuplexCall();
  for (std::size_t i = 0; i < kRequestSizes.size(); ++i) {
    const StreamingOutputCallRequest request = output_request(kRequestSizes[i], kResponseSizes[i]);
    expect_ok(co_await stream.write(request), "write");
  }
  stream.close_writing();
  for (std::size_t size : kResponseSizes) {
    const auto* response = value_of(co_await stream.read(), "read");
    expect(response != nullptr, "the stream ended too early");
    expect_payload(response->payload(), size);
  }
  expect(value_of(co_await stream.read(), "the end of the stream") == nullptr, "a fifth response came");
}

Task<> cancel_after_begin(Context& context) {
  auto stream = co_await context.stub.StreamingInputCall();
  while (stream.call().peer().empty()) expect_ok(co_await pintle::sleep_for(std::chrono::milliseconds(1)), "sleep");
  co_await pintle::yield();  // the head of the request goes out
  stream.cancel();
  expect_code(status_of(co_await stream.finish()), Code::cancelled);
}

Task<> cancel_after_first_response(Context& context) {
  auto stream = co_await context.stub.FullDuplexCall();
  const StreamingOutputCallRequest request = output_request(kRequestSizes[0], kResponseSizes[0]);
  expect_ok(co_await stream.write(request), "write");
  const auto* response = value_of(co_await stream.read(), "read");
  expect(response != nullptr, "the stream ended too early");
  expect_payload(response->payload(), kResponseSizes[0]);
  stream.cancel();
  expect_code(status_of(co_await stream.read()), Code::cancelled);
}

Task<> timeout_on_sleeping_server(Context& context) {
  auto stream = co_await context.stub.FullDuplexCall(CallOptions().timeout(std::chrono::milliseconds(1)));
  StreamingOutputCallRequest request;
  fill(*request.mutable_payload(), kRequestSizes[0]);
  (void)co_await stream.write(request);  // may be too late already
  expect_code(status_of(co_await stream.read()), Code::deadline_exceeded);
}

}  // namespace interop

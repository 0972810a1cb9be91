#include <array>
#include <cstddef>

#include "cases.hpp"
#include "expect.hpp"
#include "test_data.hpp"

namespace interop {

using grpc::testing::SimpleRequest;
using grpc::testing::SimpleResponse;
using grpc::testing::StreamingInputCallRequest;
using grpc::testing::StreamingOutputCallRequest;
using pintle::CallOptions;
using pintle::Code;
using pintle::Result;
using pintle::Task;
using pintle::WriteOptions;
using pintle::wire::Encoding;

namespace {

constexpr std::array<std::size_t, 2> kCompressedRequestSizes = {27182, 45904};
constexpr std::array<std::size_t, 2> kCompressedResponseSizes = {31415, 92653};

StreamingInputCallRequest input_request(std::size_t size, bool expect_compressed) {
  StreamingInputCallRequest request;
  request.mutable_expect_compressed()->set_value(expect_compressed);
  fill(*request.mutable_payload(), size);
  return request;
}

}  // namespace

Task<> client_compressed_unary(Context& context) {
  SimpleRequest request = large_request();
  request.mutable_expect_compressed()->set_value(true);
  // The probe: it says that it is compressed, and is not.
  expect_code(status_of(co_await context.stub.UnaryCall(request)), Code::invalid_argument);

  Result<SimpleResponse> response = co_await context.stub.UnaryCall(request, CallOptions().compression(Encoding::gzip));
  expect_payload(value_of(std::move(response), "the compressed call").payload(), kLargeResponse);

  request.mutable_expect_compressed()->set_value(false);
  response = co_await context.stub.UnaryCall(request);
  expect_payload(value_of(std::move(response), "the uncompressed call").payload(), kLargeResponse);
}

Task<> server_compressed_unary(Context& context) {
  for (const bool compressed : {true, false}) {
    SimpleRequest request = large_request();
    request.mutable_response_compressed()->set_value(compressed);
    pintle::ResponseMetadata metadata;
    Result<SimpleResponse> response =
        co_await context.stub.UnaryCall(request, CallOptions().response_metadata(metadata));
    expect_payload(value_of(std::move(response), "UnaryCall").payload(), kLargeResponse);
    expect_equal(metadata.compressed, compressed, "whether the response came compressed");
  }
}

Task<> client_compressed_streaming(Context& context) {
  const auto gzip = [] { return CallOptions().compression(Encoding::gzip); };
  const auto first = input_request(kCompressedRequestSizes[0], true);
  const auto second = input_request(kCompressedRequestSizes[1], false);
  // The probe: it says that it is compressed, and is not.
  auto probe = co_await context.stub.StreamingInputCall(gzip());
  (void)co_await probe.write(first, WriteOptions().no_compression());  // finish() says what became of it
  expect_code(status_of(co_await probe.finish()), Code::invalid_argument);

  auto stream = co_await context.stub.StreamingInputCall(gzip());
  expect_ok(co_await stream.write(first), "the compressed message");
  expect_ok(co_await stream.write(second, WriteOptions().no_compression()), "the uncompressed message");
  auto response = co_await stream.finish();
  expect_equal(static_cast<std::size_t>(value_of(std::move(response), "StreamingInputCall").aggregated_payload_size()),
               kCompressedRequestSizes[0] + kCompressedRequestSizes[1], "the sizes added up");
}

Task<> server_compressed_streaming(Context& context) {
  StreamingOutputCallRequest request;
  request.set_response_type(grpc::testing::COMPRESSABLE);
  for (std::size_t i = 0; i < kCompressedResponseSizes.size(); ++i) {
    auto& parameters = *request.add_response_parameters();
    parameters.set_size(static_cast<int>(kCompressedResponseSizes[i]));
    parameters.mutable_compressed()->set_value(i == 0);
  }
  auto stream = co_await context.stub.StreamingOutputCall(request);
  for (std::size_t i = 0; i < kCompressedResponseSizes.size(); ++i) {
    const auto* response = value_of(co_await stream.read(), "read");
    expect(response != nullptr, "the stream ended too early");
    expect_payload(response->payload(), kCompressedResponseSizes[i]);
    expect_equal(stream.call().read_compressed(), i == 0, "whether the response came compressed");
  }
  expect(value_of(co_await stream.read(), "the end of the stream") == nullptr, "a third response came");
}

}  // namespace interop

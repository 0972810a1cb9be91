#include "cases.hpp"

namespace peer {

using grpc::ClientContext;
using grpc::Status;
using grpc::StatusCode;
using grpc::testing::SimpleRequest;
using grpc::testing::SimpleResponse;
using grpc::testing::StreamingInputCallRequest;
using grpc::testing::StreamingInputCallResponse;
using grpc::testing::StreamingOutputCallRequest;
using grpc::testing::StreamingOutputCallResponse;

namespace {

void expect_compressed(ClientContext& call, bool wanted) {
  expect_equal(came_compressed(call.c_call()), wanted, "the response came compressed");
}

// Sends it compressed or not, and tells the server in any case to expect it compressed if `expected`.
Status unary(Context& context, bool compressed, bool expected, SimpleResponse& response) {
  ClientContext call;
  if (compressed) call.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  SimpleRequest request = large_request();
  request.mutable_expect_compressed()->set_value(expected);
  return context.stub->UnaryCall(&call, request, &response);
}

StreamingInputCallRequest input(std::size_t size, bool expected) {
  StreamingInputCallRequest request = input_request(size);
  request.mutable_expect_compressed()->set_value(expected);
  return request;
}

}  // namespace

void client_compressed_unary(Context& context) {
  SimpleResponse response;
  // The probe: a server that can't see how a message came can't be tested.
  expect_code(unary(context, false, true, response), StatusCode::INVALID_ARGUMENT);
  for (bool compressed : {true, false}) {
    expect_ok(unary(context, compressed, compressed, response));
    expect_payload(response.payload(), kLargeResponse);
  }
}

void client_compressed_streaming(Context& context) {
  StreamingInputCallResponse response;
  ClientContext probe;
  auto probing = context.stub->StreamingInputCall(&probe, &response);
  probing->Write(input(27182, true));
  probing->WritesDone();
  expect_code(probing->Finish(), StatusCode::INVALID_ARGUMENT);

  ClientContext call;
  call.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  auto stream = context.stub->StreamingInputCall(&call, &response);
  stream->Write(input(27182, true));
  stream->Write(input(45904, false), grpc::WriteOptions().set_no_compression());
  stream->WritesDone();
  expect_ok(stream->Finish());
  expect_equal(response.aggregated_payload_size(), 73086, "the sizes added up");
}

void server_compressed_unary(Context& context) {
  for (bool compressed : {true, false}) {
    ClientContext call;
    SimpleRequest request = large_request();
    request.mutable_response_compressed()->set_value(compressed);
    SimpleResponse response;
    expect_ok(context.stub->UnaryCall(&call, request, &response));
    expect_compressed(call, compressed);
    expect_payload(response.payload(), kLargeResponse);
  }
}

void server_compressed_streaming(Context& context) {
  StreamingOutputCallRequest request;
  const std::pair<int, bool> wanted[] = {{31415, true}, {92653, false}};
  for (const auto& [size, compressed] : wanted) {
    auto& parameters = *request.add_response_parameters();
    parameters.set_size(size);
    parameters.mutable_compressed()->set_value(compressed);
  }
  ClientContext call;
  auto stream = context.stub->StreamingOutputCall(&call, request);
  StreamingOutputCallResponse response;
  for (const auto& [size, compressed] : wanted) {
    if (!stream->Read(&response)) throw Failure("the stream ended too early");
    expect_compressed(call, compressed);
    expect_payload(response.payload(), static_cast<std::size_t>(size));
  }
  if (stream->Read(&response)) throw Failure("a third response came");
  expect_ok(stream->Finish());
}

}  // namespace peer

#include <algorithm>
#include <array>
#include <numeric>

#include "cases.hpp"

namespace peer {

using grpc::ClientContext;
using grpc::Status;
using grpc::StatusCode;
using grpc::testing::Empty;
using grpc::testing::SimpleRequest;
using grpc::testing::SimpleResponse;
using grpc::testing::StreamingInputCallRequest;
using grpc::testing::StreamingInputCallResponse;
using grpc::testing::StreamingOutputCallRequest;
using grpc::testing::StreamingOutputCallResponse;

namespace {

constexpr std::array<std::size_t, 4> kRequestSizes = {27182, 8, 1828, 45904};
constexpr std::array<std::size_t, 4> kResponseSizes = {31415, 9, 2653, 58979};
constexpr std::string_view kSpecialMessage =
    "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n";

void expect(bool holds, std::string_view what) {
  if (!holds) throw Failure(std::string(what));
}

void expect_status(const Status& status, StatusCode code, std::string_view message) {
  expect_code(status, code);
  expect_equal(status.error_message(), message, "the message of the status");
}

template <class Request>
Request asks_for(StatusCode code, std::string_view message) {
  Request request;
  request.mutable_response_status()->set_code(code);
  request.mutable_response_status()->set_message(std::string(message));
  return request;
}

constexpr std::string_view kInitialValue = "test_initial_metadata_value", kTrailingValue = "\xab\xab\xab";

void add_metadata(ClientContext& context) {
  context.AddMetadata(kEchoInitial, std::string(kInitialValue));
  context.AddMetadata(kEchoTrailing, std::string(kTrailingValue));
}

void expect_entry(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata, std::string_view key,
                  std::string_view wanted) {
  const grpc::string_ref name(key.data(), key.size());
  expect_equal(metadata.count(name), 1U, fmt::format("number of values of {}", key));
  const grpc::string_ref value = metadata.find(name)->second;
  expect(std::string_view(value.data(), value.size()) == wanted, fmt::format("{} came back with another value", key));
}

void expect_echo(const ClientContext& context) {
  expect_entry(context.GetServerInitialMetadata(), kEchoInitial, kInitialValue);
  expect_entry(context.GetServerTrailingMetadata(), kEchoTrailing, kTrailingValue);
}

}  // namespace

SimpleRequest large_request() {
  SimpleRequest request;
  request.set_response_type(grpc::testing::COMPRESSABLE);
  request.set_response_size(kLargeResponse);
  fill(*request.mutable_payload(), kLargeRequest);
  return request;
}

StreamingInputCallRequest input_request(std::size_t size) {
  StreamingInputCallRequest request;
  fill(*request.mutable_payload(), size);
  return request;
}

StreamingOutputCallRequest output_request(std::size_t request_size, std::size_t response_size) {
  StreamingOutputCallRequest request;
  request.set_response_type(grpc::testing::COMPRESSABLE);
  request.add_response_parameters()->set_size(static_cast<int>(response_size));
  fill(*request.mutable_payload(), request_size);
  return request;
}

void expect_code(const Status& status, StatusCode wanted) {
  if (status.error_code() != wanted)
    throw Failure(fmt::format("the call ended with code {} ({}) instead of {}", static_cast<int>(status.error_code()),
                              status.error_message(), static_cast<int>(wanted)));
}

void expect_ok(const Status& status) { expect_code(status, StatusCode::OK); }

void expect_payload(const grpc::testing::Payload& payload, std::size_t size) {
  expect(payload.type() == grpc::testing::COMPRESSABLE, "the payload has another type");
  expect_equal(payload.body().size(), size, "the payload's size");
  expect(std::ranges::all_of(payload.body(), [](char c) { return c == '\0'; }), "the payload is not all zeros");
}

void empty_unary(Context& context) {
  ClientContext call;
  Empty response;
  expect_ok(context.stub->EmptyCall(&call, Empty(), &response));
  expect_equal(response.ByteSizeLong(), 0U, "the size of the response");
}

void large_unary(Context& context) {
  ClientContext call;
  SimpleResponse response;
  expect_ok(context.stub->UnaryCall(&call, large_request(), &response));
  expect_payload(response.payload(), kLargeResponse);
}

void client_streaming(Context& context) {
  ClientContext call;
  StreamingInputCallResponse response;
  auto stream = context.stub->StreamingInputCall(&call, &response);
  for (std::size_t size : kRequestSizes) expect(stream->Write(input_request(size)), "a write failed");
  stream->WritesDone();
  expect_ok(stream->Finish());
  const auto sum = std::accumulate(kRequestSizes.begin(), kRequestSizes.end(), std::size_t{0});
  expect_equal(static_cast<std::size_t>(response.aggregated_payload_size()), sum, "the sizes added up");
}

void server_streaming(Context& context) {
  ClientContext call;
  StreamingOutputCallRequest request;
  for (std::size_t size : kResponseSizes) request.add_response_parameters()->set_size(static_cast<int>(size));
  auto stream = context.stub->StreamingOutputCall(&call, request);
  StreamingOutputCallResponse response;
  for (std::size_t size : kResponseSizes) {
    expect(stream->Read(&response), "the stream ended too early");
    expect_payload(response.payload(), size);
  }
  expect(!stream->Read(&response), "a fifth response came");
  expect_ok(stream->Finish());
}

void ping_pong(Context& context) {
  ClientContext call;
  auto stream = context.stub->FullDuplexCall(&call);
  StreamingOutputCallResponse response;
  for (std::size_t i = 0; i < kRequestSizes.size(); ++i) {
    expect(stream->Write(output_request(kRequestSizes[i], kResponseSizes[i])), "a write failed");
    expect(stream->Read(&response), "the stream ended too early");
    expect_payload(response.payload(), kResponseSizes[i]);
  }
  stream->WritesDone();
  expect(!stream->Read(&response), "a fifth response came");
  expect_ok(stream->Finish());
}

void empty_stream(Context& context) {
  ClientContext call;
  auto stream = context.stub->FullDuplexCall(&call);
  stream->WritesDone();
  StreamingOutputCallResponse response;
  expect(!stream->Read(&response), "a response came");
  expect_ok(stream->Finish());
}

void custom_metadata(Context& context) {
  ClientContext call;
  add_metadata(call);
  SimpleResponse response;
  expect_ok(context.stub->UnaryCall(&call, large_request(), &response));
  expect_payload(response.payload(), kLargeResponse);
  expect_echo(call);

  ClientContext streaming;
  add_metadata(streaming);
  auto stream = context.stub->FullDuplexCall(&streaming);
  expect(stream->Write(output_request(kLargeRequest, kLargeResponse)), "a write failed");
  StreamingOutputCallResponse answer;
  expect(stream->Read(&answer), "the stream ended too early");
  expect_payload(answer.payload(), kLargeResponse);
  stream->WritesDone();
  expect(!stream->Read(&answer), "a second response came");
  expect_ok(stream->Finish());
  expect_echo(streaming);
}

void status_code_and_message(Context& context) {
  constexpr std::string_view kMessage = "test status message";
  ClientContext call;
  SimpleResponse response;
  const auto request = asks_for<SimpleRequest>(StatusCode::UNKNOWN, kMessage);
  expect_status(context.stub->UnaryCall(&call, request, &response), StatusCode::UNKNOWN, kMessage);

  ClientContext streaming;
  auto stream = context.stub->FullDuplexCall(&streaming);
  expect(stream->Write(asks_for<StreamingOutputCallRequest>(StatusCode::UNKNOWN, kMessage)), "a write failed");
  stream->WritesDone();
  StreamingOutputCallResponse answer;
  expect(!stream->Read(&answer), "a response came");
  expect_status(stream->Finish(), StatusCode::UNKNOWN, kMessage);
}

void special_status_message(Context& context) {
  ClientContext call;
  SimpleResponse response;
  const auto request = asks_for<SimpleRequest>(StatusCode::UNKNOWN, kSpecialMessage);
  expect_status(context.stub->UnaryCall(&call, request, &response), StatusCode::UNKNOWN, kSpecialMessage);
}

void unimplemented_method(Context& context) {
  ClientContext call;
  Empty response;
  expect_code(context.stub->UnimplementedCall(&call, Empty(), &response), StatusCode::UNIMPLEMENTED);
}

void unimplemented_service(Context& context) {
  ClientContext call;
  Empty response;
  const auto stub = grpc::testing::UnimplementedService::NewStub(context.channel);
  expect_code(stub->UnimplementedCall(&call, Empty(), &response), StatusCode::UNIMPLEMENTED);
}

void cancel_after_begin(Context& context) {
  ClientContext call;
  StreamingInputCallResponse response;
  auto stream = context.stub->StreamingInputCall(&call, &response);
  call.TryCancel();
  expect_code(stream->Finish(), StatusCode::CANCELLED);
}

void cancel_after_first_response(Context& context) {
  ClientContext call;
  auto stream = context.stub->FullDuplexCall(&call);
  expect(stream->Write(output_request(kRequestSizes[0], kResponseSizes[0])), "a write failed");
  StreamingOutputCallResponse response;
  expect(stream->Read(&response), "the stream ended too early");
  expect_payload(response.payload(), kResponseSizes[0]);
  call.TryCancel();
  expect(!stream->Read(&response), "a second response came");
  expect_code(stream->Finish(), StatusCode::CANCELLED);
}

void timeout_on_sleeping_server(Context& context) {
  ClientContext call;
  call.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(1));
  auto stream = context.stub->FullDuplexCall(&call);
  StreamingOutputCallRequest request;
  fill(*request.mutable_payload(), kRequestSizes[0]);
  stream->Write(request);  // may be too late already
  StreamingOutputCallResponse response;
  expect(!stream->Read(&response), "a response came");
  expect_code(stream->Finish(), StatusCode::DEADLINE_EXCEEDED);
}

}  // namespace peer

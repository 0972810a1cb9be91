#include <string_view>

#include "cases.hpp"
#include "expect.hpp"

namespace interop {

using grpc::testing::Empty;
using pintle::Code;
using pintle::Task;

namespace {

constexpr std::string_view kMessage = "test status message";
constexpr std::string_view kSpecialMessage =
    "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n";

template <class Request>
Request asks_for(Code code, std::string_view message) {
  Request request;
  request.mutable_response_status()->set_code(static_cast<int>(code));
  request.mutable_response_status()->set_message(std::string(message));
  return request;
}

}  // namespace

Task<> status_code_and_message(Context& context) {
  const auto request = asks_for<grpc::testing::SimpleRequest>(Code::unknown, kMessage);
  expect_status(status_of(co_await context.stub.UnaryCall(request)), Code::unknown, kMessage);

  auto stream = co_await context.stub.FullDuplexCall();
  const auto streamed = asks_for<grpc::testing::StreamingOutputCallRequest>(Code::unknown, kMessage);
  expect_ok(co_await stream.write(streamed), "write");
  stream.close_writing();
  expect_status(status_of(co_await stream.read()), Code::unknown, kMessage);
}

Task<> special_status_message(Context& context) {
  const auto request = asks_for<grpc::testing::SimpleRequest>(Code::unknown, kSpecialMessage);
  expect_status(status_of(co_await context.stub.UnaryCall(request)), Code::unknown, kSpecialMessage);
}

Task<> unimplemented_method(Context& context) {
  const Empty request;
  expect_code(status_of(co_await context.stub.UnimplementedCall(request)), Code::unimplemented);
}

Task<> unimplemented_service(Context& context) {
  const Empty request;
  const grpc::testing::UnimplementedService::Stub stub(context.channel);
  expect_code(status_of(co_await stub.UnimplementedCall(request)), Code::unimplemented);
}

}  // namespace interop

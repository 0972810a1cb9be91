#include <string_view>

#include "cases.hpp"
#include "expect.hpp"
#include "test_data.hpp"

namespace interop {

using pintle::CallOptions;
using pintle::Task;

namespace {

constexpr std::string_view kInitialValue = "test_initial_metadata_value";
constexpr std::string_view kTrailingValue = "\xab\xab\xab";

CallOptions with_metadata() {
  return CallOptions().metadata(kEchoInitial, kInitialValue).metadata(kEchoTrailing, kTrailingValue);
}

void expect_echo(const pintle::Metadata& head, const pintle::Metadata& trailers) {
  expect_entry(head, kEchoInitial, kInitialValue);
  expect_entry(trailers, kEchoTrailing, kTrailingValue);
}

}  // namespace

Task<> custom_metadata(Context& context) {
  const auto request = large_request();
  pintle::ResponseMetadata metadata;
  auto response = co_await context.stub.UnaryCall(request, with_metadata().response_metadata(metadata));
  expect_payload(value_of(std::move(response), "UnaryCall").payload(), kLargeResponse);
  expect_echo(metadata.head, metadata.trailers);

  auto stream = co_await context.stub.FullDuplexCall(with_metadata());
  const auto large = output_request(kLargeRequest, kLargeResponse);
  expect_ok(co_await stream.write(large), "write");
  const auto* answer = value_of(co_await stream.read(), "read");
  expect(answer != nullptr, "the stream ended too early");
  expect_payload(answer->payload(), kLargeResponse);
  stream.close_writing();
  expect(value_of(co_await stream.read(), "the end of the stream") == nullptr, "a second response came");
  expect_echo(stream.call().response_head, stream.call().response_trailers);
}

}  // namespace interop

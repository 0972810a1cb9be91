#include <chrono>
#include <cstddef>

#include "cases.hpp"
#include "expect.hpp"
#include "test_data.hpp"
#include <pintle/async/nursery.hpp>

namespace interop {

using grpc::testing::Empty;
using grpc::testing::SimpleRequest;
using grpc::testing::SimpleResponse;
using pintle::Result;
using pintle::Task;

namespace {
constexpr std::size_t kConcurrent = 1000;

Task<> large_call(Context& context, const SimpleRequest& request) {
  Result<SimpleResponse> response =
      co_await context.stub.UnaryCall(request, pintle::CallOptions().timeout(std::chrono::minutes(2)));
  expect_payload(value_of(std::move(response), "UnaryCall").payload(), kLargeResponse);
}
}  // namespace

SimpleRequest large_request() {
  SimpleRequest request;
  request.set_response_type(grpc::testing::COMPRESSABLE);
  request.set_response_size(kLargeResponse);
  fill(*request.mutable_payload(), kLargeRequest);
  return request;
}

Task<> empty_unary(Context& context) {
  const Empty request;
  Result<Empty> response = co_await context.stub.EmptyCall(request);
  expect_equal(value_of(std::move(response), "EmptyCall").ByteSizeLong(), 0U, "the size of the response");
}

Task<> large_unary(Context& context) {
  const SimpleRequest request = large_request();
  co_await large_call(context, request);
}

Task<> concurrent_large_unary(Context& context) {
  const pintle::Env env = co_await pintle::current_env();
  const SimpleRequest request = large_request();
  pintle::Nursery nursery;
  for (std::size_t i = 0; i < kConcurrent; ++i) nursery.spawn(env, large_call(context, request));
  co_await nursery.join();
}

}  // namespace interop

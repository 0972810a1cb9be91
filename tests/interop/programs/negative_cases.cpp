// The cases of grpc/doc/http2-interop-test-descriptions.md: tests/interop/negative/server.py is what they call.
#include <chrono>

#include "cases.hpp"
#include "expect.hpp"
#include <pintle/async/nursery.hpp>

namespace interop {

using pintle::Code;
using pintle::Task;

namespace {

constexpr int kConcurrent = 10;

// The server resets the stream with NO_ERROR before it has sent a status: PROTOCOL-HTTP2.md maps that to INTERNAL. What
// came of the response doesn't count.
Task<> expect_reset(Context& context) {
  const auto request = large_request();
  expect_code(status_of(co_await context.stub.UnaryCall(request)), Code::internal);
}

}  // namespace

Task<> goaway(Context& context) {
  co_await large_unary(context);
  expect_ok(co_await pintle::sleep_for(std::chrono::seconds(1)),
            "sleep");  // the server may send GOAWAY behind its answer
  co_await large_unary(context);
}

Task<> rst_after_header(Context& context) { co_await expect_reset(context); }
Task<> rst_during_data(Context& context) { co_await expect_reset(context); }
Task<> rst_after_data(Context& context) { co_await expect_reset(context); }

Task<> ping(Context& context) { co_await large_unary(context); }

Task<> max_streams(Context& context) {
  co_await large_unary(context);  // the server's settings have come by now
  const pintle::Env env = co_await pintle::current_env();
  pintle::Nursery nursery;
  for (int i = 0; i < kConcurrent; ++i) nursery.spawn(env, large_unary(context));
  co_await nursery.join();
}

Task<> data_frame_padding(Context& context) { co_await large_unary(context); }
Task<> no_df_padding_sanity_test(Context& context) { co_await large_unary(context); }

}  // namespace interop

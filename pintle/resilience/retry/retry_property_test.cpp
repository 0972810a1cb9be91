// Property 15: Retry Backoff: delays grow exponentially within jitter and cap; attempts never exceed the maximum, the
// throttle or the deadline.
#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <pintle/resilience/retry/retry_layer.hpp>
#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using testing::LayerDriver;
using testing::Script;

constexpr MethodInfo kUnary = {.path = "/test.v1.Test/Call", .service = "test.v1.Test", .name = "Call"};

RC_GTEST_PROP(RetryProperty, Property15_RetryBackoff_DelaysStayWithinTheirBoundsAndAttemptsWithinTheirs, ()) {
  RetryPolicy policy;
  policy.max_attempts = *rc::gen::inRange(1, 9);
  policy.initial_backoff = std::chrono::milliseconds(*rc::gen::inRange(1, 2000));
  policy.multiplier = *rc::gen::inRange(100, 400) / 100.0;
  policy.max_backoff = std::chrono::milliseconds(*rc::gen::inRange(1, 5000));
  policy.jitter = *rc::gen::inRange(0, 100) / 100.0;
  const Duration deadline = std::chrono::milliseconds(*rc::gen::inRange(1, 20'000));
  const double max_tokens = *rc::gen::inRange(1, 20);

  RetryOptions options;
  options.rules.emplace_back("*", policy);
  options.throttle = std::make_shared<RetryThrottle>(max_tokens, 0.1);
  LayerDriver driver(Side::client, std::make_shared<RetryLayer>(options));
  driver.method(kUnary);
  driver.chance = *rc::gen::inRange(0, 1000) / 1000.0;
  std::vector<TimePoint> attempts;
  driver.next(Script()
                  .does([&](LayerCall& call) { attempts.push_back(call.loop().now()); })
                  .returns(Status(Code::unavailable, "down")));
  auto& call = driver.call().sends("x").timeout(deadline);
  const TimePoint began = driver.loop().now();
  call.start();
  driver.advance(25s);

  RC_ASSERT(call.done());
  RC_ASSERT(!attempts.empty());
  RC_ASSERT(attempts.size() <= std::size_t(std::min(policy.max_attempts, 5)));
  RC_ASSERT(attempts.back() - began <= deadline);
  // The tokens after n failures are max - n, and a retry needs more than half.
  const int allowed = std::max(0, static_cast<int>(std::ceil(max_tokens / 2)) - 1);
  RC_ASSERT(attempts.size() <= std::size_t(allowed) + 1);
  for (std::size_t n = 1; n < attempts.size(); ++n) {
    const double base = std::min(std::chrono::duration<double>(policy.max_backoff).count(),
                                 std::chrono::duration<double>(policy.initial_backoff).count() *
                                     std::pow(policy.multiplier, static_cast<double>(n) - 1));
    const double waited = std::chrono::duration<double>(attempts[n] - attempts[n - 1]).count();
    RC_ASSERT(waited >= base * (1 - policy.jitter) - 1e-6);
    RC_ASSERT(waited <= base * (1 + policy.jitter) + 1e-6);
  }
  RC_TAG(call.status().code() == Code::deadline_exceeded ? "deadline" : "gave up");
}

// The tokens as A6 words them, in another way: a count of thousandths that is compared, never raced for.
struct Model {
  long max, ratio, tokens;
  bool failed() {
    tokens = std::max(0L, tokens - 1000);
    return 2 * tokens > max;
  }
  void succeeded() { tokens = std::min(max, tokens + ratio); }
};

RC_GTEST_PROP(RetryProperty, TokensFollowTheirModelForAMillionSteps, ()) {
  const long max = *rc::gen::inRange(1, 1'000'001), ratio = *rc::gen::inRange(1, 5000);
  RetryThrottle throttle(static_cast<double>(max) / 1000, static_cast<double>(ratio) / 1000);
  Model model{max, ratio, max};
  auto bits = *rc::gen::arbitrary<std::uint64_t>() | 1;
  const unsigned bias = *rc::gen::inRange(0u, 256u);
  for (int step = 0; step < 10'000; ++step) {  // a hundred cases
    bits ^= bits << 13;
    bits ^= bits >> 7;
    bits ^= bits << 17;
    if ((bits & 255) < bias) {
      RC_ASSERT(throttle.failed() == model.failed());
    } else {
      throttle.succeeded();
      model.succeeded();
    }
    RC_ASSERT(throttle.allows() == (2 * model.tokens > model.max));
    RC_ASSERT(std::abs(throttle.tokens() * 1000 - static_cast<double>(model.tokens)) < 1e-6);
  }
}

}  // namespace
}  // namespace pintle

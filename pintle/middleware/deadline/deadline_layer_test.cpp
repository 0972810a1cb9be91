#include <pintle/middleware/deadline/deadline_layer.hpp>

#include <gtest/gtest.h>

#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using testing::LayerDriver;
using testing::Script;

DeadlineRule rule(std::string pattern, std::optional<Duration> preset, std::optional<Duration> most) {
  DeadlineRule made(std::move(pattern));
  made.preset = preset;
  made.most = most;
  return made;
}

struct DeadlineLayerTest : ::testing::Test {
  // After how long a call ends whose handler never does; a day: not at all.
  static Duration ends_after(std::vector<DeadlineRule> rules, std::optional<Duration> asked) {
    LayerDriver driver(Side::server, std::make_shared<DeadlineLayer>(std::move(rules)));
    driver.next(Script().waits_for_cancellation());
    auto& call = driver.call();
    if (asked) call.timeout(*asked);
    call.start();
    Duration passed = 0s;
    while (!call.done() && passed < 24h) {
      driver.advance(1s);
      passed += 1s;
    }
    if (!call.done()) {
      call.cancel();
      return 24h;
    }
    EXPECT_EQ(call.status().code(), Code::deadline_exceeded);
    return passed;
  }
};

TEST_F(DeadlineLayerTest, ACallerWithoutADeadlineGetsOne) {
  EXPECT_EQ(ends_after({rule("*", 30s, {})}, {}), 30s);
  EXPECT_EQ(ends_after({rule("*", 30s, {})}, 5s), 5s);
  EXPECT_EQ(ends_after({rule("*", 30s, {})}, 100s), 100s) << "it has asked for it";
}

TEST_F(DeadlineLayerTest, NobodyGetsMoreThanTheMost) {
  EXPECT_EQ(ends_after({rule("*", {}, 60s)}, 100s), 60s);
  EXPECT_EQ(ends_after({rule("*", {}, 60s)}, 5s), 5s);
  EXPECT_EQ(ends_after({rule("*", {}, 60s)}, {}), 60s);
  EXPECT_EQ(ends_after({rule("*", 90s, 60s)}, {}), 60s);
}

TEST_F(DeadlineLayerTest, TheFirstRuleThatMatchesCounts) {
  EXPECT_EQ(ends_after({rule("/other/*", 1s, {}), rule("/test.v1.Test/*", 2s, {}), rule("*", 3s, {})}, {}), 2s);
  EXPECT_EQ(ends_after({rule("/test.v1.Test/*", {}, {}), rule("*", 3s, {})}, {}), 24h);
  DeadlineRule unary = rule("*", 1s, {});
  unary.unary_only = true;
  EXPECT_EQ(ends_after({unary, rule("*", 2s, {})}, {}), 2s) << "the call is a stream";
}

}  // namespace
}  // namespace pintle

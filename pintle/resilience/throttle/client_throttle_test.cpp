#include <pintle/resilience/throttle/client_throttle.hpp>

#include <gtest/gtest.h>

#include <pintle/rpc/test_support/text.hpp>
#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using testing::LayerDriver;
using testing::Script;

TEST(ClientThrottleTest, HoldsBackByTheBooksFormula) {
  ClientThrottle throttle;
  const TimePoint now = TimePoint() + 1h;
  for (int i = 0; i < 99; ++i) EXPECT_TRUE(throttle.admit(now, [] { return 0.0; }));
  EXPECT_EQ(throttle.probability(now), 0) << "too few to say";
  EXPECT_TRUE(throttle.admit(now, [] { return 0.0; }));
  EXPECT_DOUBLE_EQ(throttle.probability(now), 100.0 / 101);
  EXPECT_FALSE(throttle.admit(now, [] { return 0.9; }));
  for (int i = 0; i < 40; ++i) throttle.accepted(now);
  EXPECT_DOUBLE_EQ(throttle.probability(now), 21.0 / 102) << "the one that was held back is a request";
  for (int i = 0; i < 11; ++i) throttle.accepted(now);
  EXPECT_EQ(throttle.probability(now), 0) << "half of them were accepted";
}

TEST(ClientThrottleTest, ForgetsByTheClock) {
  ClientThrottle throttle;
  TimePoint now = TimePoint() + 1h;
  for (int i = 0; i < 200; ++i) throttle.admit(now, [] { return 0.99; });
  EXPECT_GT(throttle.probability(now), 0.9);
  now += 30s;
  EXPECT_EQ(throttle.probability(now), 0);
}

TEST(ClientThrottleTest, ALayerStopsMostCallsToAServerThatRefusesAll) {
  LayerDriver driver(Side::client, std::make_shared<ClientThrottleLayer>("*", ClientThrottleOptions()));
  driver.method(test::method_of_kind(Kind::unary)).next(Script().returns(Status(Code::unavailable, "full")));
  driver.chance = 0.5;
  for (int i = 0; i < 1000; ++i) driver.call().sends("x").start();
  EXPECT_EQ(driver.reached(), 100u) << "from the first that may be judged";
  EXPECT_EQ(driver.meter.value("pintle.client.throttle.refused"), 900);
}

TEST(ClientThrottleTest, AnAnswerThatIsAnErrorIsAnAnswer) {
  LayerDriver driver(Side::client, std::make_shared<ClientThrottleLayer>("*", ClientThrottleOptions()));
  driver.method(test::method_of_kind(Kind::unary)).next(Script().returns(Status(Code::not_found, "")));
  driver.chance = 0;
  for (int i = 0; i < 1000; ++i) driver.call().sends("x").start();
  EXPECT_EQ(driver.reached(), 1000u);
}

}  // namespace
}  // namespace pintle

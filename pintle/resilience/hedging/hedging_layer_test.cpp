// Hedging, by the driver: which answer counts, what is sent when, what the others hear.
#include <pintle/resilience/hedging/hedging_layer.hpp>

#include <optional>
#include <string>

#include <gmock/gmock.h>

#include <pintle/rpc/test_support/text.hpp>
#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::LayerDriver;
using testing::Script;

constexpr MethodInfo kUnary = test::method_of_kind(Kind::unary);

HedgingOptions hedging(int attempts, Duration delay) {
  HedgingPolicy policy;
  policy.max_attempts = attempts;
  policy.delay = delay;
  HedgingOptions options;
  options.rules.emplace_back("*", policy);
  return options;
}

struct HedgingLayerTest : ::testing::Test {
  LayerDriver& with(const HedgingOptions& options) {
    driver.emplace(Side::client, std::make_shared<HedgingLayer>(options));
    return driver->method(kUnary);
  }
  std::optional<LayerDriver> driver;
};

TEST_F(HedgingLayerTest, AQuickAnswerNeedsNoSecondAttempt) {
  with(hedging(3, 100ms)).next(Script().waits(99ms).reads().writes("first"));
  auto& call = driver->call().sends("x").start();
  driver->advance(300ms);
  EXPECT_THAT(call.messages(), ElementsAre("first"));
  EXPECT_EQ(driver->reached(), 1u);
}

TEST_F(HedgingLayerTest, AttemptsFollowEachOtherByTheDelayAndTheFirstAnswerCounts) {
  with(hedging(3, 100ms))
      .next(Script().reads().waits_for_cancellation())
      .next(Script().reads().waits(150ms).writes("second"))
      .next(Script().reads().waits_for_cancellation());
  auto& call = driver->call().sends("x").start();
  driver->advance(99ms);
  EXPECT_EQ(driver->reached(), 1u);
  driver->advance(1ms);
  EXPECT_EQ(driver->reached(), 2u);
  driver->advance(100ms);
  EXPECT_EQ(driver->reached(), 3u);
  driver->advance(50ms);
  ASSERT_TRUE(call.done());
  EXPECT_TRUE(call.status().ok());
  EXPECT_THAT(call.messages(), ElementsAre("second"));
  EXPECT_EQ(driver->heard(0).returned->code(), Code::cancelled) << "the others were told";
  EXPECT_EQ(driver->heard(2).returned->code(), Code::cancelled);
  EXPECT_THAT(driver->heard(2).messages, ElementsAre("x")) << "each attempt has the request";
  EXPECT_EQ(driver->heard(1).metadata.get("grpc-previous-rpc-attempts"), "1");
}

TEST_F(HedgingLayerTest, WithoutADelayAllGoAtOnce) {
  with(hedging(4, 0ms)).next(Script().waits(10ms).writes("any"));
  auto& call = driver->call().sends("x").start();
  EXPECT_EQ(driver->reached(), 4u);
  driver->advance(10ms);
  EXPECT_THAT(call.messages(), ElementsAre("any")) << "and one response comes of it";
}

TEST_F(HedgingLayerTest, AFailureThatIsNotFatalHastensTheNext) {
  with(hedging(2, 10s)).next(Script().returns(Status(Code::unavailable, "down"))).next(Script().writes("up"));
  EXPECT_THAT(driver->call().sends("x").start().messages(), ElementsAre("up"));
}

TEST_F(HedgingLayerTest, AFatalFailureEndsThemAll) {
  with(hedging(3, 100ms))
      .next(Script().waits_for_cancellation())
      .next(Script().returns(Status(Code::invalid_argument, "never")));
  auto& call = driver->call().sends("x").start();
  driver->advance(100ms);
  ASSERT_TRUE(call.done());
  EXPECT_EQ(call.status().code(), Code::invalid_argument);
  EXPECT_EQ(driver->heard(0).returned->code(), Code::cancelled);
  driver->advance(1s);
  EXPECT_EQ(driver->reached(), 2u);
}

TEST_F(HedgingLayerTest, WhenAllFailTheLastFailureIsTheCalls) {
  with(hedging(2, 100ms))
      .next(Script().returns(Status(Code::unavailable, "one")))
      .next(Script().returns(Status(Code::unavailable, "two")));
  EXPECT_EQ(driver->call().sends("x").start().status().message(), "two");
}

TEST_F(HedgingLayerTest, PushbackMovesTheNextOrStopsIt) {
  const auto says = [](std::string_view pushback) {
    return Script().adds_trailer("grpc-retry-pushback-ms", pushback).returns(Status(Code::unavailable, "busy"));
  };
  with(hedging(3, 10ms)).next(says("300")).next(Script().writes("later"));
  auto& call = driver->call().sends("x").start();
  driver->advance(299ms);
  EXPECT_EQ(driver->reached(), 1u);
  driver->advance(1ms);
  EXPECT_THAT(call.messages(), ElementsAre("later"));

  with(hedging(3, 10ms)).next(says("-1"));
  auto& stopped = driver->call().sends("x").start();
  driver->advance(1s);
  EXPECT_EQ(driver->reached(), 1u);
  EXPECT_EQ(stopped.status().message(), "busy");
}

TEST_F(HedgingLayerTest, ACallersCancellationReachesEveryAttempt) {
  with(hedging(3, 1ms)).next(Script().waits_for_cancellation());
  auto& call = driver->call().sends("x").start();
  driver->advance(2ms);
  call.cancel(CancelCause::caller);
  ASSERT_TRUE(call.done());
  ASSERT_EQ(driver->reached(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(driver->heard(i).returned);
}

TEST_F(HedgingLayerTest, ADeadlineEndsThemAll) {
  with(hedging(3, 1ms)).next(Script().waits_for_cancellation());
  auto& call = driver->call().sends("x").timeout(50ms).start();
  driver->advance(50ms);
  ASSERT_TRUE(call.done());
  EXPECT_EQ(call.status().code(), Code::deadline_exceeded);
}

TEST_F(HedgingLayerTest, TheBudgetIsEarnedByCallsAndSpentByHedges) {
  HedgingOptions options = hedging(2, 1ms);
  options.budget = std::make_shared<HedgeBudget>(0.1);
  with(options).next(Script().waits(5ms).writes("slow"));
  for (int i = 0; i < 200; ++i) {
    driver->call().sends("x").start();
    driver->advance(6ms);
  }
  EXPECT_EQ(driver->reached(), 220u) << "a tenth more, though each call is slow enough for a hedge";
}

TEST_F(HedgingLayerTest, FewTokensMeanNoHedges) {
  HedgingOptions options = hedging(2, 1ms);
  options.throttle = std::make_shared<RetryThrottle>(10, 0.1);
  for (int i = 0; i < 5; ++i) options.throttle->failed();
  with(options).next(Script().waits(5ms).writes("slow"));
  driver->call().sends("x").start();
  driver->advance(6ms);
  EXPECT_EQ(driver->reached(), 1u);
}

}  // namespace
}  // namespace pintle

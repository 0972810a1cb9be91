// Each line of gRFC A6 that decides whether and when there is another attempt.
#include <pintle/resilience/retry/retry_policy.hpp>

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <pintle/resilience/retry/retry_throttle.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;

RetryPolicy policy() {
  RetryPolicy p;
  p.initial_backoff = 100ms;
  p.multiplier = 2;
  p.max_backoff = 500ms;
  p.max_attempts = 4;
  return p;
}

AttemptEnd failed(Code code = Code::unavailable) {
  AttemptEnd end;
  end.code = code;
  end.opened = end.left_client = end.processed = true;
  return end;
}

Pushback pushback(std::vector<std::string> values) {
  Metadata trailers;
  for (const std::string& value : values) trailers.add("grpc-retry-pushback-ms", value);
  return Pushback::of(trailers);
}

struct RetryMachineTest : ::testing::Test {
  RetryPolicy p = policy();
  const Random middle = [] { return 0.5; };
};

TEST_F(RetryMachineTest, DelaysGrowByTheMultiplierUpToTheMost) {
  p.max_attempts = 5;
  RetryMachine machine(&p, nullptr);
  EXPECT_EQ(machine.next(failed(), middle), 100ms);
  EXPECT_EQ(machine.next(failed(), middle), 200ms);
  EXPECT_EQ(machine.next(failed(), middle), 400ms);
  EXPECT_EQ(machine.next(failed(), middle), 500ms);
  EXPECT_EQ(machine.next(failed(), middle), std::nullopt) << "five attempts";
  EXPECT_EQ(machine.previous_attempts(), 4);
}

TEST_F(RetryMachineTest, TheJitterIsAFifthUpAndDown) {
  EXPECT_EQ(p.delay(1, 0), 80ms);
  EXPECT_NEAR(std::chrono::duration<double>(p.delay(1, 0.999999)).count(), 0.12, 1e-5);
}

TEST_F(RetryMachineTest, MoreThanFiveAttemptsAreFive) {
  p.max_attempts = 100;
  RetryMachine machine(&p, nullptr);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(machine.next(failed(), middle));
  EXPECT_FALSE(machine.next(failed(), middle));
}

TEST_F(RetryMachineTest, OnlyTheCodesOfThePolicy) {
  RetryMachine machine(&p, nullptr);
  EXPECT_FALSE(machine.next(failed(Code::internal), middle));
  RetryMachine ok(&p, nullptr);
  EXPECT_FALSE(ok.next(failed(Code::ok), middle));
}

TEST_F(RetryMachineTest, ACommittedCallAndADroppedOneAreDone) {
  AttemptEnd end = failed();
  end.committed = true;
  EXPECT_FALSE(RetryMachine(&p, nullptr).next(end, middle));
  end = failed();
  end.dropped = true;
  EXPECT_FALSE(RetryMachine(&p, nullptr).next(end, middle));
}

TEST_F(RetryMachineTest, WhatNeverLeftIsSentAgainWithoutLimitOrPolicy) {
  RetryMachine machine(nullptr, nullptr);
  AttemptEnd end = failed();
  end.left_client = end.processed = false;
  for (int i = 0; i < 50; ++i) EXPECT_EQ(machine.next(end, middle), Duration::zero());
  EXPECT_TRUE(machine.transparent());
  EXPECT_EQ(machine.previous_attempts(), 0);
  end.opened = false;  // there was no connection to lose: a failure like others
  EXPECT_FALSE(machine.next(end, middle));
}

TEST_F(RetryMachineTest, WhatTheServerHasNotBegunIsSentAgainOnce) {
  AttemptEnd end = failed();
  end.processed = false;
  RetryMachine machine(&p, nullptr);
  EXPECT_EQ(machine.next(end, middle), Duration::zero());
  EXPECT_TRUE(machine.transparent());
  EXPECT_EQ(machine.next(end, middle), 100ms) << "from then on it is the policy's";
  EXPECT_FALSE(machine.transparent());
  EXPECT_EQ(machine.previous_attempts(), 1);
}

TEST_F(RetryMachineTest, AnAttemptThatTookTooLongMayBeTriedAgain) {
  AttemptEnd end = failed(Code::deadline_exceeded);
  EXPECT_FALSE(RetryMachine(&p, nullptr).next(end, middle));
  end.timed_out = true;
  EXPECT_EQ(RetryMachine(&p, nullptr).next(end, middle), 100ms);
}

TEST_F(RetryMachineTest, PushbackIsTheDelayAndBeginsTheBackoffAnew) {
  RetryMachine machine(&p, nullptr);
  EXPECT_EQ(machine.next(failed(), middle), 100ms);
  AttemptEnd end = failed();
  end.pushback = pushback({"7000"});
  EXPECT_EQ(machine.next(end, middle), 7s) << "no jitter, no cap";
  EXPECT_EQ(machine.next(failed(), middle), 100ms);
}

TEST_F(RetryMachineTest, PushbackWithoutARetryableCodeIsNotAsked) {
  AttemptEnd end = failed(Code::internal);
  end.pushback = pushback({"10"});
  EXPECT_FALSE(RetryMachine(&p, nullptr).next(end, middle));
}

TEST_F(RetryMachineTest, PushbackThatIsNoTimeMeansStop) {
  for (const std::vector<std::string>& values : std::vector<std::vector<std::string>>{
           {"-1"}, {"soon"}, {""}, {"10", "10"}, {"99999999999"}, {"10ms"}, {" 10"}, {"1.5"}}) {
    AttemptEnd end = failed();
    end.pushback = pushback(values);
    EXPECT_EQ(end.pushback.kind, Pushback::Kind::stop) << values.front();
    RetryThrottle throttle(10, 0.1);
    EXPECT_FALSE(RetryMachine(&p, &throttle).next(end, middle));
    EXPECT_EQ(throttle.tokens(), 9) << "it counts as a failure";
  }
  EXPECT_EQ(pushback({}).kind, Pushback::Kind::none);
  EXPECT_EQ(pushback({"0"}).delay, Duration::zero());
}

TEST(RetryThrottleTest, TheFifthFailureInARowIsNotTriedAgain) {
  RetryThrottle throttle(10, 0.1);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(throttle.failed());
  EXPECT_FALSE(throttle.failed());
  EXPECT_EQ(throttle.tokens(), 5);
}

TEST(RetryThrottleTest, FromHalfElevenSuccessesAreNeeded) {
  for (const int successes : {10, 11}) {
    RetryThrottle throttle(10, 0.1);
    for (int i = 0; i < 5; ++i) throttle.failed();
    for (int i = 0; i < successes; ++i) throttle.succeeded();
    EXPECT_EQ(throttle.failed(), successes == 11);
  }
}

TEST(RetryThrottleTest, CountsThreeDecimalsAndStaysWithinItsBounds) {
  RetryThrottle throttle(3, 0.0019);
  throttle.failed();
  throttle.succeeded();
  EXPECT_EQ(throttle.tokens(), 2.001);
  for (int i = 0; i < 5000; ++i) throttle.succeeded();
  EXPECT_EQ(throttle.tokens(), 3);
  for (int i = 0; i < 10; ++i) throttle.failed();
  EXPECT_EQ(throttle.tokens(), 0);
}

}  // namespace
}  // namespace pintle

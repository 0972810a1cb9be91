#include <pintle/resilience/breaker/circuit_breaker.hpp>

#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using Outcome = CircuitBreaker::Outcome;
using State = CircuitBreaker::State;
using ::testing::ElementsAre;

struct CircuitBreakerTest : ::testing::Test {
  CircuitBreaker& with(const BreakerOptions& options) {
    return breaker.emplace(options, [this](State from, State to) {
      changes.push_back(std::string(state_name(from)) + ">" + std::string(state_name(to)));
    });
  }
  void call(Outcome outcome, Duration took = {}) {
    const auto permit = breaker->admit(now);
    ASSERT_TRUE(permit);
    breaker->ended(*permit, outcome, took, now);
  }
  void calls(int n, Outcome outcome) {
    for (int i = 0; i < n; ++i) call(outcome);
  }
  TimePoint now = TimePoint() + 1h;
  std::vector<std::string> changes;
  std::optional<CircuitBreaker> breaker;
};

TEST_F(CircuitBreakerTest, FiveFailuresInARowOpenItAndNotFour) {
  with({});
  calls(4, Outcome::failure);
  EXPECT_EQ(breaker->state(), State::closed);
  call(Outcome::success);
  calls(4, Outcome::failure);
  EXPECT_EQ(breaker->state(), State::closed) << "a success begins the row anew";
  call(Outcome::failure);
  EXPECT_EQ(breaker->state(), State::open);
  EXPECT_FALSE(breaker->admit(now));
  EXPECT_EQ(breaker->opens_in(now + 10s), 20s);
}

TEST_F(CircuitBreakerTest, AfterItsTimeOneProbeDecides) {
  with({});
  calls(5, Outcome::failure);
  now += 30s - 1ns;
  EXPECT_FALSE(breaker->admit(now));
  now += 1ns;
  const auto probe = breaker->admit(now);
  ASSERT_TRUE(probe);
  EXPECT_EQ(breaker->state(), State::half_open);
  EXPECT_FALSE(breaker->admit(now)) << "the others wait for it";
  breaker->ended(*probe, Outcome::failure, {}, now);
  EXPECT_EQ(breaker->state(), State::open);
  now += 30s;
  call(Outcome::success);
  EXPECT_EQ(breaker->state(), State::closed);
  EXPECT_THAT(changes,
              ElementsAre("closed>open", "open>half_open", "half_open>open", "open>half_open", "half_open>closed"));
}

TEST_F(CircuitBreakerTest, AProbeThatSaysNothingGivesItsPlaceBack) {
  with({});
  calls(5, Outcome::failure);
  now += 30s;
  for (int i = 0; i < 10; ++i) call(Outcome::ignored);
  EXPECT_EQ(breaker->state(), State::half_open);
  call(Outcome::success);
  EXPECT_EQ(breaker->state(), State::closed);
}

BreakerOptions rate(double failures, std::uint32_t window, std::uint32_t least) {
  BreakerOptions options;
  options.consecutive_failures = 0;
  options.failure_rate = failures;
  options.window_calls = window;
  options.min_calls = least;
  return options;
}

TEST_F(CircuitBreakerTest, ARateIsReachedNotPassed) {
  with(rate(0.5, 100, 100));
  calls(50, Outcome::success);
  calls(49, Outcome::failure);
  EXPECT_EQ(breaker->state(), State::closed);
  call(Outcome::failure);
  EXPECT_EQ(breaker->state(), State::open) << "50 of 100 are at least a half";
}

TEST_F(CircuitBreakerTest, NothingIsJudgedBeforeThereAreEnough) {
  with(rate(0.5, 100, 20));
  calls(19, Outcome::failure);
  EXPECT_EQ(breaker->state(), State::closed);
  call(Outcome::failure);
  EXPECT_EQ(breaker->state(), State::open);
}

TEST_F(CircuitBreakerTest, OldCallsLeaveTheWindow) {
  with(rate(0.5, 10, 10));
  calls(4, Outcome::failure);
  calls(10, Outcome::success);
  calls(4, Outcome::failure);
  EXPECT_EQ(breaker->state(), State::closed);
  call(Outcome::failure);
  EXPECT_EQ(breaker->state(), State::open);
}

TEST_F(CircuitBreakerTest, ATimeWindowForgetsByTheClock) {
  BreakerOptions options = rate(0.5, 0, 10);
  options.window_time = 10s;
  with(options);
  calls(9, Outcome::failure);
  now += 10s;
  calls(5, Outcome::failure);
  EXPECT_EQ(breaker->state(), State::closed) << "only five are of the last ten seconds";
  now += 9s;
  calls(4, Outcome::failure);
  EXPECT_EQ(breaker->state(), State::closed);
  call(Outcome::failure);
  EXPECT_EQ(breaker->state(), State::open);
}

TEST_F(CircuitBreakerTest, SlowCallsCountWhenTheyEnd) {
  BreakerOptions options = rate(0, 10, 10);
  options.slow_rate = 0.5;
  options.slow_after = 1s;
  with(options);
  for (int i = 0; i < 5; ++i) call(Outcome::success, 999ms);
  for (int i = 0; i < 4; ++i) call(Outcome::success, 1s);
  EXPECT_EQ(breaker->state(), State::closed);
  call(Outcome::success, 1s);
  EXPECT_EQ(breaker->state(), State::open);
}

TEST_F(CircuitBreakerTest, ManyProbesAreJudgedTogether) {
  BreakerOptions options = rate(0.5, 10, 10);
  options.probes = 4;
  with(options);
  const auto open = [&] {
    while (breaker->state() != State::open) call(Outcome::failure);
    now += 30s;
  };
  for (const int failures : {1, 2}) {
    breaker->close();
    open();
    std::vector<CircuitBreaker::Permit> probes;
    while (const auto probe = breaker->admit(now)) probes.push_back(*probe);
    ASSERT_EQ(probes.size(), 4u);
    for (int i = 0; i < 4; ++i) {
      EXPECT_EQ(breaker->state(), State::half_open) << "all of them are waited for";
      breaker->ended(probes[static_cast<std::size_t>(i)], i < failures ? Outcome::failure : Outcome::success, {}, now);
    }
    EXPECT_EQ(breaker->state(), failures == 1 ? State::closed : State::open);
  }
}

TEST_F(CircuitBreakerTest, WhatBeganBeforeAChangeIsNotCountedAfterIt) {
  with({});
  std::vector<CircuitBreaker::Permit> slow;
  for (int i = 0; i < 10; ++i) slow.push_back(*breaker->admit(now));
  calls(5, Outcome::failure);
  now += 30s;
  const auto probe = breaker->admit(now);
  for (const auto permit : slow) breaker->ended(permit, Outcome::failure, {}, now);
  EXPECT_EQ(breaker->state(), State::half_open);
  breaker->ended(*probe, Outcome::success, {}, now);
  EXPECT_EQ(breaker->state(), State::closed);
}

TEST_F(CircuitBreakerTest, AnIsolatedOneStaysSoUntilItIsClosed) {
  with({});
  breaker->isolate();
  now += 24h;
  EXPECT_FALSE(breaker->admit(now));
  EXPECT_EQ(breaker->opens_in(now), Duration::zero());
  breaker->close();
  EXPECT_TRUE(breaker->admit(now));
  EXPECT_THAT(changes, ElementsAre("closed>isolated", "isolated>closed"));
}

TEST(CircuitBreakerCodes, WhatTheCallerDidWrongIsNotTheTargetsFault) {
  const CircuitBreaker breaker{BreakerOptions()};
  for (const Code code : {Code::unavailable, Code::deadline_exceeded, Code::internal, Code::unknown, Code::data_loss})
    EXPECT_EQ(breaker.judge(code), Outcome::failure) << code_name(code);
  for (const Code code : {Code::ok, Code::invalid_argument, Code::not_found, Code::permission_denied, Code::cancelled,
                          Code::unauthenticated, Code::resource_exhausted, Code::failed_precondition})
    EXPECT_EQ(breaker.judge(code), Outcome::success) << code_name(code);
}

}  // namespace
}  // namespace pintle

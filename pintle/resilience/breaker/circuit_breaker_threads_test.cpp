#include <atomic>
#include <barrier>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <pintle/resilience/breaker/circuit_breaker.hpp>

namespace pintle {
namespace {

using Outcome = CircuitBreaker::Outcome;
using State = CircuitBreaker::State;

TEST(CircuitBreakerThreads, AThousandThreadsAtAHalfOpenOneAreTenProbes) {
  BreakerOptions options;
  options.probes = 10;
  CircuitBreaker breaker(options);
  const TimePoint now = TimePoint() + std::chrono::hours(1), later = now + options.open_for;
  for (int i = 0; i < 5; ++i) breaker.ended(*breaker.admit(now), Outcome::failure, {}, now);
  constexpr int kThreads = 1000;
  std::atomic<int> admitted = 0;
  std::barrier start(kThreads);
  std::vector<std::jthread> threads;
  threads.reserve(kThreads);
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      start.arrive_and_wait();
      if (breaker.admit(later)) ++admitted;
    });
  threads.clear();
  EXPECT_EQ(admitted, 10);
  EXPECT_EQ(breaker.state(), State::half_open);
}

TEST(CircuitBreakerThreads, ItOpensOnceHoweverManyFailAtOnce) {
  std::atomic<int> opened = 0;
  CircuitBreaker breaker(BreakerOptions(), [&](State, State to) { opened += to == State::open ? 1 : 0; });
  const TimePoint now = TimePoint() + std::chrono::hours(1);
  constexpr int kThreads = 16;
  std::barrier start(kThreads);
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (int n = 0; n < 1000; ++n)
        if (const auto permit = breaker.admit(now)) breaker.ended(*permit, Outcome::failure, {}, now);
    });
  threads.clear();
  EXPECT_EQ(opened, 1);
}

}  // namespace
}  // namespace pintle

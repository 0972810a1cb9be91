// A server at twice its capacity, in a time of the test's own: what the adaptive limit and the shares promise.
#include <algorithm>
#include <functional>
#include <map>
#include <queue>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include <pintle/middleware/concurrency/admission_gate.hpp>
#include <pintle/middleware/concurrency/gradient_limit.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;

// Ten servers behind one queue, each call 10 ms of work, more or less: a thousand calls a second and no more.
class Model {
 public:
  explicit Model(std::vector<double> shares) : gate(std::move(shares)) {}

  struct Result {
    std::size_t good = 0;  // that were let in and ended within a second
    std::vector<Duration> took;
    std::map<std::size_t, std::size_t> by_kind;
    Duration p99() {
      if (took.empty()) return {};
      std::ranges::sort(took);
      return took[took.size() * 99 / 100];
    }
  };
  // `rate` calls a second come for so long; `kind` says which kind the next one is.
  Result run(double rate, Duration how_long, const std::function<std::size_t()>& kind = [] { return 0; }) {
    Result result;
    const TimePoint end = now_ + how_long;
    while (now_ < end) {
      now_ += std::chrono::duration_cast<Duration>(std::chrono::duration<double>(gap_(engine_) / rate));
      finish(result);
      const std::size_t k = kind();
      if (!limited || gate.enter(k, limit.limit(), now_))
        begin(k);
      else
        limit.refused();
    }
    return result;
  }

  AdmissionGate gate;
  GradientLimit limit{GradientOptions(), [] { return 0.5; }, TimePoint(1h)};
  bool limited = true;

 private:
  struct Call {
    TimePoint came, ends;
    std::size_t kind;
    bool operator<(const Call& other) const { return ends > other.ends; }
  };
  void begin(std::size_t kind) {
    auto free = std::ranges::min_element(servers_);
    const auto work = std::chrono::duration_cast<Duration>(10ms * (0.5 + gap_(engine_) / 2));
    *free = std::max(*free, now_) + work;
    calls_.push({now_, *free, kind});
  }
  void finish(Result& result) {
    while (!calls_.empty() && calls_.top().ends <= now_) {
      const Call call = calls_.top();
      calls_.pop();
      if (limited) {
        limit.ended(call.came, call.ends, gate.inside());
        gate.leave(call.kind);
      }
      const Duration took = call.ends - call.came;
      result.took.push_back(took);
      result.good += took < 1s ? 1 : 0;
      ++result.by_kind[call.kind];
    }
  }
  std::mt19937_64 engine_{7};
  std::exponential_distribution<double> gap_{1};
  TimePoint now_{1h};
  std::vector<TimePoint> servers_ = std::vector<TimePoint>(10);
  std::priority_queue<Call> calls_;
};

TEST(Overload, AtTwiceTheCapacityTheGoodputStaysAndCallsStayShort) {
  Model model({});
  Duration calm = model.run(500, 10s).p99();
  const double peak = static_cast<double>(model.run(950, 60s).good) / 60;
  auto loaded = model.run(2000, 120s);
  const double goodput = static_cast<double>(loaded.good) / 120;
  EXPECT_GE(goodput, 0.9 * peak) << "peak " << peak;
  EXPECT_LE(loaded.p99(), 3 * calm) << calm.count();
}

TEST(Overload, WithoutTheLimitItWouldBeLost) {
  Model model({});
  model.limited = false;
  model.run(500, 10s);
  EXPECT_LT(static_cast<double>(model.run(2000, 60s).good) / 60, 100) << "nearly all wait for longer than a second";
}

TEST(Overload, ItIsOverFiveSecondsAfterTheLoad) {
  Model model({});
  const Duration calm = model.run(500, 10s).p99();
  model.run(5000, 60s);
  model.run(500, 5s);
  auto after = model.run(500, 10s);
  EXPECT_GE(after.good, 10u * 500 * 97 / 100) << "nobody is refused any more";
  EXPECT_LE(after.p99(), 2 * calm);
}

TEST(Overload, WhatCallsTakeAloneIsFoundAgainWhenItChanges) {
  GradientLimit limit(GradientOptions(), [] { return 0.5; }, TimePoint(1h));
  TimePoint now{1h};
  const auto calls = [&](Duration each, std::size_t inside, int count) {
    for (int i = 0; i < count; ++i) {
      now += 5ms;
      limit.refused();
      limit.ended(now - each, now, inside);
    }
  };
  calls(10ms, 1, 100);
  EXPECT_EQ(limit.alone(), 10ms);
  calls(30ms, limit.limit(), 20'000);
  EXPECT_EQ(limit.alone(), 30ms) << "a probe has seen it";
}

TEST(Overload, AShareHoldsWithinFiveInAHundred) {
  for (const double share : {0.8, 0.5, 0.2}) {
    Model model({share, 1 - share});
    std::mt19937_64 coin(3);
    model.run(500, 10s, [&] { return coin() % 2; });
    auto result = model.run(4000, 60s, [&] { return coin() % 2; });
    const double got =
        static_cast<double>(result.by_kind[0]) / static_cast<double>(result.by_kind[0] + result.by_kind[1]);
    EXPECT_NEAR(got, share, 0.05);
  }
}

}  // namespace
}  // namespace pintle

// Property 6: Circuit Breaker Transitions: for any sequence of outcomes and times the breaker follows the model, which
// keeps every call and judges anew each time.
#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <pintle/resilience/breaker/circuit_breaker.hpp>

namespace pintle {
namespace {

using Outcome = CircuitBreaker::Outcome;
using State = CircuitBreaker::State;

struct Model {
  explicit Model(const BreakerOptions& o) : options(o) {}
  struct Ended {
    bool failed, slow;
    TimePoint at;
  };
  struct Permit {
    int era;
  };

  std::optional<Permit> admit(TimePoint now) {
    if (state == State::open && now - opened >= options.open_for) enter(State::half_open, now);
    if (state == State::closed) return Permit{era};
    if (state != State::half_open || out + static_cast<std::uint32_t>(back.size()) >= options.probes)
      return std::nullopt;
    ++out;
    return Permit{era};
  }

  void ended(Permit permit, Outcome outcome, Duration took, TimePoint now) {
    if (permit.era != era) return;
    if (state == State::half_open) --out;
    if (outcome == Outcome::ignored) return;
    const Ended call{outcome == Outcome::failure, options.slow_rate > 0 && took >= options.slow_after, now};
    if (state == State::half_open) {
      back.push_back(call);
      if (back.size() < options.probes) return;
      const bool any = std::ranges::any_of(back, &Ended::failed);
      enter(bad(back) || (options.failure_rate == 0 && any) ? State::open : State::closed, now);
    } else if (state == State::closed) {
      all.push_back(call);
      std::uint32_t row = 0;
      for (auto it = all.rbegin(); it != all.rend() && it->failed; ++it) ++row;
      const std::vector<Ended> seen = window(now);
      if ((options.consecutive_failures != 0 && row >= options.consecutive_failures) ||
          (seen.size() >= options.min_calls && bad(seen)))
        enter(State::open, now);
    }
  }

  void enter(State to, TimePoint now) {
    state = to;
    ++era;
    opened = now;
    out = 0;
    back.clear();
    all.clear();
  }

 private:
  std::vector<Ended> window(TimePoint now) const {
    std::vector<Ended> seen;
    if (options.window_time == Duration::zero()) {
      const std::size_t from = all.size() - std::min<std::size_t>(all.size(), options.window_calls);
      seen.assign(all.begin() + static_cast<std::ptrdiff_t>(from), all.end());
    } else {
      const auto bucket = [&](TimePoint at) { return at.time_since_epoch() / (options.window_time / 10); };
      for (const Ended& call : all)
        if (bucket(call.at) > bucket(now) - 10) seen.push_back(call);
    }
    return seen;
  }
  static bool part(std::ptrdiff_t some, std::size_t all, double rate) {
    return rate > 0 && static_cast<double>(some) >= rate * static_cast<double>(all) - 1e-9;
  }
  bool bad(const std::vector<Ended>& calls) const {
    return part(std::ranges::count_if(calls, &Ended::failed), calls.size(), options.failure_rate) ||
           part(std::ranges::count_if(calls, &Ended::slow), calls.size(), options.slow_rate);
  }

 public:
  const BreakerOptions options;
  State state = State::closed;
  int era = 0;
  TimePoint opened;
  std::uint32_t out = 0;
  std::vector<Ended> back, all;
};

BreakerOptions any_options() {
  BreakerOptions o;
  o.consecutive_failures = *rc::gen::element(0u, 1u, 3u, 5u);
  o.failure_rate = *rc::gen::element(0.0, 0.1, 0.5, 1.0);
  o.slow_rate = *rc::gen::element(0.0, 0.0, 0.25, 1.0);
  o.slow_after = std::chrono::milliseconds(50);
  o.window_calls = *rc::gen::inRange(1u, 30u);
  o.window_time = *rc::gen::element(Duration::zero(), Duration(std::chrono::seconds(1)));
  o.min_calls = *rc::gen::inRange(1u, 20u);
  o.open_for = std::chrono::milliseconds(*rc::gen::inRange(1, 500));
  o.probes = *rc::gen::inRange(1u, 6u);
  return o;
}

// 100 cases of 10 000 steps: a million.
RC_GTEST_PROP(BreakerProperty, Property6_CircuitBreakerTransitions_FollowTheModel, ()) {
  const BreakerOptions options = any_options();
  CircuitBreaker breaker(options);
  Model model(options);
  struct Running {
    CircuitBreaker::Permit permit;
    Model::Permit expected;
  };
  std::deque<Running> running;
  auto bits = *rc::gen::arbitrary<std::uint64_t>() | 1;
  const auto random = [&](std::uint64_t below) {
    bits ^= bits << 13;
    bits ^= bits >> 7;
    bits ^= bits << 17;
    return (bits >> 11) % below;
  };
  const std::uint64_t failures = *rc::gen::inRange<std::uint64_t>(0, 100);
  TimePoint now = TimePoint() + std::chrono::hours(1);
  std::size_t changes = 0;
  for (int step = 0; step < 10'000; ++step) {
    const State before = breaker.state();
    if (random(1000) == 0) {
      breaker.isolate();
      if (model.state != State::isolated) model.enter(State::isolated, now);
    } else if (random(breaker.state() == State::isolated ? 20 : 2000) == 0) {
      breaker.close();
      model.enter(State::closed, now);
    } else if (random(2) == 0 || running.empty()) {
      const auto permit = breaker.admit(now);
      const auto expected = model.admit(now);
      RC_ASSERT(permit.has_value() == expected.has_value());
      if (permit) running.push_back({*permit, *expected});
    } else {
      const auto at = running.begin() + static_cast<std::ptrdiff_t>(random(running.size()));
      const auto outcome = random(10) == 0          ? Outcome::ignored
                           : random(100) < failures ? Outcome::failure
                                                    : Outcome::success;
      const Duration took = std::chrono::milliseconds(random(100));
      breaker.ended(at->permit, outcome, took, now);
      model.ended(at->expected, outcome, took, now);
      running.erase(at);
    }
    RC_ASSERT(breaker.state() == model.state);
    changes += breaker.state() != before ? 1 : 0;
    if (random(3) == 0) now += std::chrono::milliseconds(random(30));
  }
  RC_TAG(changes > 10 ? "many changes" : changes > 0 ? "some changes" : "no change");
}

}  // namespace
}  // namespace pintle

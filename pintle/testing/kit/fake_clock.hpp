// A clock that stands still until a test moves it.
#pragma once

#include <atomic>
#include <chrono>

#include <pintle/base/clock.hpp>

namespace pintle::testing {

// Starts at an hour, so that times before now exist. Any thread.
class FakeClock final : public Clock {
 public:
  FakeClock() = default;
  FakeClock(const FakeClock&) = delete;
  TimePoint now() const noexcept override { return TimePoint(Duration(now_.load())); }
  void advance(Duration d) noexcept { now_.fetch_add(d.count()); }
  // Moves to `at`; never backwards.
  void advance_to(TimePoint at) noexcept {
    if (at > now()) now_.store(at.time_since_epoch().count());
  }

 private:
  std::atomic<Duration::rep> now_ = Duration(std::chrono::hours(1)).count();
};

}  // namespace pintle::testing

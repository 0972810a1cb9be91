// Time as every room sees it: a monotonic instant that is handed in, so that tests can drive it.
#pragma once

#include <chrono>
#include <cstdint>

namespace pintle {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

// From whatever a computation gave: at least nothing and at most a hundred years, so that it can be added to any time.
constexpr Duration duration_of_seconds(double seconds) {
  constexpr std::chrono::hours kMost(24 * 365 * 100);
  constexpr double kMostSeconds = std::chrono::duration<double>(kMost).count();
  if (!(seconds > 0)) return Duration::zero();
  return seconds >= kMostSeconds ? kMost : Duration(static_cast<Duration::rep>(seconds * 1e9));
}

// Where a loop gets its time. now() never runs backwards. Any thread may call it.
class Clock {
 public:
  virtual TimePoint now() const noexcept = 0;

 protected:
  ~Clock() = default;
};

// The monotonic clock of the machine.
class SteadyClock final : public Clock {
 public:
  TimePoint now() const noexcept override { return std::chrono::steady_clock::now(); }
};

// The instant by which a call must have ended; infinite unless one was set. A value type.
class Deadline {
 public:
  constexpr Deadline() = default;
  constexpr explicit Deadline(TimePoint at) : at_(at) {}

  // `now + timeout`, or infinite where that would overflow.
  static constexpr Deadline after(TimePoint now, Duration timeout) {
    return timeout >= TimePoint::max() - now ? Deadline() : Deadline(now + timeout);
  }
  static constexpr Deadline infinite() { return {}; }

  constexpr bool is_infinite() const { return at_ == TimePoint::max(); }
  constexpr TimePoint at() const { return at_; }
  // Never negative; Duration::max() when infinite.
  constexpr Duration remaining(TimePoint now) const {
    if (is_infinite()) return Duration::max();
    return at_ <= now ? Duration::zero() : at_ - now;
  }
  constexpr bool expired(TimePoint now) const { return at_ <= now; }
  // The earlier of the two: a deadline only ever shrinks on its way down a call tree.
  constexpr Deadline earlier(Deadline other) const { return at_ <= other.at_ ? *this : other; }

  friend constexpr bool operator==(Deadline, Deadline) = default;

 private:
  TimePoint at_ = TimePoint::max();
};

}  // namespace pintle

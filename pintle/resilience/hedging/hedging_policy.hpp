// When a call is sent to a second server before the first has answered (gRFC A6).
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include <pintle/base/clock.hpp>
#include <pintle/resilience/code_set.hpp>

namespace pintle {

struct HedgingPolicy {
  HedgingPolicy() = default;
  // With the first one; more than kMostAttempts count as so many.
  int max_attempts = 2;
  static constexpr int kMostAttempts = 5;
  Duration delay = std::chrono::milliseconds(500);  // from one to the next; zero: all at once
  // After which the next goes out without delay. Any other ends the call.
  CodeSet non_fatal = {Code::unavailable};

  int attempts() const { return std::clamp(max_attempts, 1, kMostAttempts); }
};

// How much hedging may add to the load: each call earns a part of an attempt, each hedge spends one. Any thread.
class HedgeBudget {
 public:
  // `share`: hedges for each call, 0.1 for a tenth; at most `burst` of them are saved. Begins empty.
  explicit HedgeBudget(double share, std::uint32_t burst = 10)
      : earns_(static_cast<std::int64_t>(share * 1000 + 1e-6)), most_(std::int64_t{burst} * 1000) {}
  HedgeBudget(const HedgeBudget&) = delete;

  void called() noexcept {
    std::int64_t now = saved_.load(std::memory_order_relaxed);
    while (now < most_ &&
           !saved_.compare_exchange_weak(now, std::min(now + earns_, most_), std::memory_order_relaxed)) {
    }
  }
  bool spend() noexcept {
    std::int64_t now = saved_.load(std::memory_order_relaxed);
    while (now >= 1000)
      if (saved_.compare_exchange_weak(now, now - 1000, std::memory_order_relaxed)) return true;
    return false;
  }

 private:
  const std::int64_t earns_, most_;  // thousandths
  std::atomic<std::int64_t> saved_ = 0;
};

}  // namespace pintle

// Tokens that keep retries from making a bad time worse (gRFC A6, retryThrottling).
#pragma once

#include <atomic>
#include <cstdint>

namespace pintle {

// One for each server name, shared by the calls of all loops. Starts full; a failure takes a token, a success gives
// back a part of one. Retries and hedges go out while more than half of the tokens are there. Any thread, without
// locks.
class RetryThrottle {
 public:
  // `max_tokens` in (0, 1000]; `token_ratio` above 0. Three decimals of each count, the rest is cut off.
  RetryThrottle(double max_tokens, double token_ratio)
      : max_(thousandths(max_tokens)), ratio_(thousandths(token_ratio)), tokens_(max_) {}
  RetryThrottle(const RetryThrottle&) = delete;

  // A call that might be tried again failed. True: it may.
  bool failed() noexcept {
    std::int64_t now = tokens_.load(std::memory_order_relaxed);
    std::int64_t left = 0;
    do left = now > 1000 ? now - 1000 : 0;
    while (!tokens_.compare_exchange_weak(now, left, std::memory_order_relaxed));
    return left > max_ / 2;
  }
  void succeeded() noexcept {
    std::int64_t now = tokens_.load(std::memory_order_relaxed);
    while (now < max_ &&
           !tokens_.compare_exchange_weak(now, now + ratio_ < max_ ? now + ratio_ : max_, std::memory_order_relaxed)) {
    }
  }
  bool allows() const noexcept { return tokens_.load(std::memory_order_relaxed) > max_ / 2; }
  double tokens() const noexcept { return static_cast<double>(tokens_.load(std::memory_order_relaxed)) / 1000; }

 private:
  static std::int64_t thousandths(double value) { return static_cast<std::int64_t>(value * 1000 + 1e-6); }
  const std::int64_t max_, ratio_;
  std::atomic<std::int64_t> tokens_;
};

}  // namespace pintle

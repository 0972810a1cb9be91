// Delays that grow from one failure to the next.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>

#include <pintle/base/clock.hpp>

namespace pintle {

// min(initial * multiplier^n, most), give or take a share of `jitter`; n from 0, `chance` in [0, 1).
inline Duration backoff(Duration initial, double multiplier, Duration most, double jitter, int n, double chance) {
  using Seconds = std::chrono::duration<double>;
  const double base = std::min(Seconds(most).count(), Seconds(initial).count() * std::pow(multiplier, n));
  return duration_of_seconds(base * (1 - jitter + 2 * jitter * chance));
}

}  // namespace pintle

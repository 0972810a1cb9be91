// Gives an endpoint that has just come up its share of the calls little by little, so that it can warm up.
#pragma once

#include <algorithm>

#include <pintle/base/clock.hpp>

namespace pintle {

struct SlowStart {
  SlowStart() = default;
  Duration window{};   // zero: none
  double least = 0.1;  // share at the beginning, of a full one

  // The part of its full share that an endpoint has which has been READY since then: it grows evenly.
  double share(TimePoint ready_since, TimePoint now) const {
    if (window <= Duration::zero() || now - ready_since >= window) return 1;
    return std::max(least, std::chrono::duration<double>(now - ready_since) / window);
  }
};

}  // namespace pintle

#pragma once

#include <cstdint>
#include <string>

#include "histogram.hpp"

namespace pintle::bench {

// What happened so far, over all connections. A call counts only with HTTP status 200, grpc-status 0 and the whole
// expected answer.
struct Tally {
  std::uint64_t calls = 0;
  std::uint64_t errors = 0;
  std::string first_error;
  Histogram latency;

  void succeeded(std::uint64_t nanoseconds) {
    ++calls;
    latency.add(nanoseconds);
  }
  void failed(std::string why) {
    if (errors++ == 0) first_error = std::move(why);
  }
};

// How many calls may still be started; shared by the connections of one run.
struct Budget {
  std::uint64_t left = ~std::uint64_t{0};
  bool take() {
    if (left == 0) return false;
    --left;
    return true;
  }
};

}  // namespace pintle::bench

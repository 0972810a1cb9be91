// Of a few endpoints that are drawn at random, the one that promises the shortest wait has the call.
#pragma once

#include <cstddef>
#include <memory>

#include <pintle/client/balancer.hpp>
#include <pintle/client/balancing/slow_start.hpp>

namespace pintle {

struct LeastRequestOptions {
  LeastRequestOptions() = default;
  std::size_t choices = 2;  // that are drawn for each call; 2 at least
  // The wait that an endpoint promises: the calls that it has from this loop, and this one, times what its calls took
  // of late. False: the calls alone.
  bool latency_aware = true;
  // In which what was measured loses half of its weight. A peak counts at once and fades like everything else.
  Duration half_life = std::chrono::seconds(5);
  SlowStart slow_start;
};

// Each loop chooses by what it sees itself, so none takes a lock. A call that fails counts with ten times what it took,
// and with a second at least: failing fast attracts nobody.
std::shared_ptr<const BalancerFactory> least_request(LeastRequestOptions options = {});

}  // namespace pintle

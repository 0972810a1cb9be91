// Calls with the same key go to the same endpoint, and stay there when others come and go (gRFC A42, A76).
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include <pintle/client/balancer.hpp>

namespace pintle {

struct RingHashOptions {
  RingHashOptions() = default;
  std::string key;              // of the request metadata whose value is hashed; calls without it go anywhere
  std::size_t min_size = 1024;  // points on the ring, shared by weight (the attribute "weight" of an endpoint)
  std::size_t max_size = 4096;
};

// Endpoints are connected when a call is theirs. A call whose endpoint has failed goes to the next one on the ring; one
// whose endpoint is not connected yet waits for it. Where a point of the ring lies depends on the endpoint's addresses
// (or, where it has none, on its attributes) and on nothing else, so that all clients agree.
std::shared_ptr<const BalancerFactory> ring_hash(RingHashOptions options);

}  // namespace pintle

// Calls take turns among the endpoints.
#pragma once

#include <memory>

#include <pintle/client/balancer.hpp>
#include <pintle/client/balancing/slow_start.hpp>

namespace pintle {

// Begins at a random one, so that many clients don't begin at the same one.
std::shared_ptr<const BalancerFactory> round_robin(SlowStart slow_start = {});

// The same by weights: the attribute "weight" of each endpoint, a number above 0; 1 where there is none. An endpoint's
// calls are spread evenly between those of the others.
std::shared_ptr<const BalancerFactory> weighted_round_robin(SlowStart slow_start = {});

}  // namespace pintle

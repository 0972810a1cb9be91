// A client keeps connections to a part of the endpoints only (gRFC A68).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <pintle/client/balancer.hpp>

namespace pintle {

// `within` sees `size` of the endpoints. Which ones depends on `seed` and the endpoints alone: clients with seeds of
// their own spread evenly, and when one endpoint goes a client changes no more than that one.
std::shared_ptr<const BalancerFactory> random_subset(std::size_t size, std::uint64_t seed,
                                                     std::shared_ptr<const BalancerFactory> within);

}  // namespace pintle

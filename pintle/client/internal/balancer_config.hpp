// A balancing policy from the list of a service config (gRFC A24).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <pintle/client/balancer.hpp>
#include <pintle/client/internal/json_fields.hpp>

namespace pintle::client {

struct ChosenBalancer {
  std::string name;
  std::shared_ptr<const BalancerFactory> factory;  // null: pick_first
};

// The first of `policies`, the list `key` of `of`, that is known. Throws Wrong where none is, and where what that one
// says is wrong.
ChosenBalancer balancer_of(const Fields& of, std::string_view key, const boost::json::array& policies);

}  // namespace pintle::client

// What a process says of its health, as a rule over what it knows.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <pintle/services/health/health_states.hpp>

namespace pintle {

// Names beside those of the services, for probes: liveness says that the process runs, whatever it depends on and also
// while it drains; readiness says the same as "", the server as a whole.
inline constexpr std::string_view kLiveness = "liveness", kReadiness = "readiness";

// What the rule must know of a dependency.
struct DependencyFact {
  bool up = false;
  bool critical = true;
  std::span<const std::string> services;  // that can't work without it; empty: all of them, and the whole
};

// - A service is SERVING while the process serves and every critical dependency that it needs is up.
// - The whole is SERVING while the process serves and every critical dependency that all services need is up.
HealthMap health_of(std::span<const std::string_view> services, bool serving, std::span<const DependencyFact> facts);

}  // namespace pintle

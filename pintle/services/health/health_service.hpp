// grpc.health.v1.Health: Check, Watch and List (doc/health-checking.md of gRPC, gRFC A90).
#pragma once

#include <memory>

#include <pintle/rpc/handler.hpp>
#include <pintle/services/health/health_states.hpp>

namespace pintle {

// Tells what `states` says, which outlives it.
// - Check: NOT_FOUND for a name that is not known.
// - Watch: the state at once and each time it is another one; of changes that follow each other quickly the last. A
//   name that is not known is SERVICE_UNKNOWN, and the stream stays open until it is. When the states are shut down, or
//   the server drains, NOT_SERVING is said and the stream ends with OK.
// - List: RESOURCE_EXHAUSTED for more than a hundred names.
std::unique_ptr<Service> make_health_service(const HealthStates& states);

}  // namespace pintle

// grpc.reflection.v1.ServerReflection, and v1alpha for older clients: what a server serves, and the .proto files of it.
#pragma once

#include <memory>
#include <vector>

#include <pintle/rpc/handler.hpp>

namespace pintle {

// The files are those whose generated code is linked into the program, by the names with which they are imported. A
// file comes with those it imports, each once on a stream. What is not there is an error_response with NOT_FOUND; the
// stream goes on. `services` outlives it and does not change while it serves.
std::unique_ptr<Service> make_reflection_service(const std::vector<const ServiceInfo*>& services);
std::unique_ptr<Service> make_reflection_service_v1alpha(const std::vector<const ServiceInfo*>& services);

}  // namespace pintle

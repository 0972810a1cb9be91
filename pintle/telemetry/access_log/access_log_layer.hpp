// One structured line per call.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/rpc/layer.hpp>

namespace pintle {

struct AccessLogOptions {
  AccessLogOptions() = default;
  // Of the calls that ended with OK, the part that is logged, from 0 to 1. All others are, whatever this says.
  double sample_ok = 1;
  // Patterns of methods that leave no line when they end well (path_pattern.hpp): probes come every few seconds.
  std::vector<std::string> quiet = {"/grpc.health.v1.Health/*"};
};

// The level at which a call that ended so is logged, by go-grpc-middleware's rule: info for what a caller can bring
// about, error for what a server can, warn for the rest.
Level access_log_level(Code code);

// In the place telemetry, innermost of it, on both sides. When the handler has returned, "finished call" with
// - protocol, grpc.component, grpc.service, grpc.method, grpc.method_type, grpc.code, grpc.time_ms, peer.address;
// - request_id, trace_id, span_id, principal, attempt, grpc.error where there is such a thing;
// - messages_in, messages_out, bytes_in, bytes_out: those of the wire, with gRPC's prefix, compressed;
// - path: what was asked for, where no service has such a method.
// Metadata and messages are never written.
class AccessLogLayer final : public Layer {
 public:
  explicit AccessLogLayer(AccessLogOptions options = {}) : options_(std::move(options)) {}
  std::string_view name() const override { return "access_log"; }
  Place place() const override { return Place::telemetry; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;

 private:
  const AccessLogOptions options_;
};

}  // namespace pintle

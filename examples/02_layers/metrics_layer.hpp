// Measures every call: how long it took, how it really ended, what passed.
#pragma once

#include <pintle/rpc/layer.hpp>

namespace layers {

// rpc.call.duration in seconds, rpc.calls by status, rpc.messages by direction and rpc.kept_out by
// reason, each by method. Server and client.
class MetricsLayer final : public pintle::Layer {
 public:
  std::string_view name() const override { return "metrics"; }
  pintle::Place place() const override { return pintle::Place::telemetry; }
  std::unique_ptr<pintle::Handler> wrap(const pintle::Site& site, pintle::Handler& next) const override;
};

}  // namespace layers

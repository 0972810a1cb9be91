// Measures every call: how many began and how they ended, how long they took, what passed.
#pragma once

#include <memory>
#include <string_view>

#include <pintle/rpc/layer.hpp>

namespace pintle {

// Under which names. Families of one kind say the same in other words, for those who have dashboards already.
struct RpcMetricsOptions {
  RpcMetricsOptions() = default;
  // rpc.server.call.duration, rpc.client.call.duration: OpenTelemetry's conventions for RPC.
  bool otel = true;
  // grpc.server.call.started, .duration, .sent_total_compressed_message_size, .rcvd_total_compressed_message_size, and
  // grpc.client.call.duration: gRFC A66.
  bool grpc = true;
  // grpc_server_started_total, _handled_total, _msg_received_total, _msg_sent_total and the client's twins, with
  // grpc_type, grpc_service, grpc_method and grpc_code: go-grpc-prometheus.
  bool prometheus = true;
  // grpc_server_handling_seconds and its twin too, which those have as an option.
  bool prometheus_handling = false;
};

// In the place telemetry, on both sides. Counters exist for every method and code from the start, so that rates do;
// histograms from the first call on that ended with that code. Methods that nobody has are one series, "_OTHER"
// ("other" in A66's names). A call counts as ended when its handler, or on a client its caller's chain, has returned,
// with the status that the peer was told (LayerCall::outcome()).
class RpcMetricsLayer final : public Layer {
 public:
  explicit RpcMetricsLayer(RpcMetricsOptions options = {}) : options_(options) {}
  std::string_view name() const override { return "metrics"; }
  Place place() const override { return Place::telemetry; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;

 private:
  const RpcMetricsOptions options_;
};

}  // namespace pintle

// A span for every call, and the trace's context from call to call.
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/rpc/layer.hpp>
#include <pintle/telemetry/tracing/propagation.hpp>
#include <pintle/telemetry/tracing/tracer.hpp>

namespace pintle {

// In the place telemetry, on both sides. The span's name is "package.Service/Method" and ends with the call; its
// attributes are those of OpenTelemetry's conventions for RPC. facts.trace_high, trace_low, span and sampled are the
// call's, for logs and exemplars; handlers have call_span.hpp.
// - Server: below the context that the request's metadata hold; a malformed one begins a new trace. A call with a
// stream
//   has a span "{name} begin" at once, so that one which never ends is seen.
// - Client: below what the caller gives by CallOptions().with(TraceContext), else below the incoming call on whose
//   behalf it is made; the context and its baggage are written into the metadata.
class TracingLayer final : public Layer {
 public:
  TracingLayer(std::shared_ptr<const Tracer> tracer, const Propagation& propagation)
      : tracer_(std::move(tracer)), propagation_(propagation) {}
  std::string_view name() const override { return "tracing"; }
  Place place() const override { return Place::telemetry; }
  std::vector<std::string_view> before() const override { return {"metrics", "access_log"}; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;

 private:
  const std::shared_ptr<const Tracer> tracer_;
  const Propagation propagation_;
};

}  // namespace pintle

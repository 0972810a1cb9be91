// A span for every attempt of a client's calls (gRFC A72).
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include <pintle/rpc/layer.hpp>
#include <pintle/telemetry/tracing/propagation.hpp>
#include <pintle/telemetry/tracing/tracer.hpp>

namespace pintle {

// In the place attempt, on a client, inside of the tracing layer: below the call's span,
// "Attempt.package.Service/Method" with the attributes previous-rpc-attempts and transparent-retry; servers see it as
// their parent.
class AttemptTracingLayer final : public Layer {
 public:
  AttemptTracingLayer(std::shared_ptr<const Tracer> tracer, const Propagation& propagation)
      : tracer_(std::move(tracer)), propagation_(propagation) {}
  std::string_view name() const override { return "attempt_tracing"; }
  Place place() const override { return Place::attempt; }
  std::vector<std::string_view> before() const override { return {"attempt_metrics"}; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;

 private:
  const std::shared_ptr<const Tracer> tracer_;
  const Propagation propagation_;
};

}  // namespace pintle

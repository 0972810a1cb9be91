#include <pintle/telemetry/metrics/rpc_metrics_layer.hpp>

#include <chrono>

#include <pintle/telemetry/metrics/rpc_instruments.hpp>

namespace pintle {

namespace {

class Measuring final : public Handler {
 public:
  Measuring(const RpcMetricsOptions& options, const Site& site, Handler& next)
      : instruments_(options, site.side, site.method, site.meters), next_(next) {}

  Task<Status> operator()(LayerCall& call) override {
    instruments_.started();
    Status status = co_await next_(call);
    CallTotals totals;
    totals.code = call.outcome(status).code();
    totals.seconds = std::chrono::duration<double>(call.elapsed()).count();
    totals.messages_in = call.traffic.in.messages;
    totals.messages_out = call.traffic.out.messages;
    totals.wire_bytes_in = call.traffic.in.wire_bytes;
    totals.wire_bytes_out = call.traffic.out.wire_bytes;
    if (call.facts.sampled) totals.trace = {call.facts.trace_high, call.facts.trace_low, call.facts.span};
    instruments_.ended(totals);
    co_return status;
  }

 private:
  RpcInstruments instruments_;
  Handler& next_;
};

}  // namespace

std::unique_ptr<Handler> RpcMetricsLayer::wrap(const Site& site, Handler& next) const {
  return std::make_unique<Measuring>(options_, site, next);
}

}  // namespace pintle

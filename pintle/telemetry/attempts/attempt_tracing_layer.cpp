#include <pintle/telemetry/attempts/attempt_tracing_layer.hpp>

#include <charconv>
#include <string>

#include <pintle/telemetry/rpc_conventions.hpp>
#include <pintle/telemetry/tracing/call_span.hpp>

namespace pintle {

namespace {

class Tracing final : public Handler {
 public:
  Tracing(std::shared_ptr<const Tracer> tracer, const Propagation& propagation, const Site& site, Handler& next)
      : tracer_(std::move(tracer)),
        propagation_(propagation),
        name_("Attempt." + std::string(rpc_method(site.method.path))),
        next_(next) {}

  [[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override {
    // Where the call is its own only attempt, its span is the attempt's.
    const auto* const above = call.attempt_of() != nullptr ? call.find<CallSpan>() : nullptr;
    if (above == nullptr) return next_(call);
    return traced(call, above->span.context());
  }

 private:
  Task<Status> traced(LayerCall& call, const TraceContext& above) {
    Span span = tracer_->begin(name_, SpanKind::internal, &above);
    call.facts.span = span.context().span;
    propagation_.inject(span.context(), call.request_metadata);
    Status status = co_await next_(call);
    if (!span.recorded()) co_return status;
    std::int64_t previous = 0;
    if (const auto told = call.request_metadata.get("grpc-previous-rpc-attempts"))
      std::from_chars(told->data(), told->data() + told->size(), previous);
    span.set("previous-rpc-attempts", previous);
    span.set("transparent-retry", call.facts.attempt > 1 + previous);
    span.set("rpc.response.status_code", code_name(status.code()));
    if (!call.facts.peer.empty()) span.set("network.peer.address", call.facts.peer);
    if (!status.ok()) span.fail(status.message());
    span.finish();
    co_return status;
  }

  const std::shared_ptr<const Tracer> tracer_;
  const Propagation propagation_;
  const std::string name_;
  Handler& next_;
};

}  // namespace

std::unique_ptr<Handler> AttemptTracingLayer::wrap(const Site& site, Handler& next) const {
  if (site.side != Side::client) return nullptr;
  return std::make_unique<Tracing>(tracer_, propagation_, site, next);
}

}  // namespace pintle

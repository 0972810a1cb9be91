#include <pintle/telemetry/tracing/tracing_layer.hpp>

#include <charconv>
#include <optional>
#include <string>

#include <pintle/telemetry/rpc_conventions.hpp>
#include <pintle/telemetry/tracing/call_span.hpp>

namespace pintle {

namespace {

// "ipv4:10.0.0.7:4711" or "ipv6:[::1]:4711"; of other addresses all is the address.
void set_peer(std::string_view peer, Span& span) {
  const std::size_t scheme = peer.find(':'), port = peer.rfind(':');
  const bool ip = peer.starts_with("ipv4:") || peer.starts_with("ipv6:");
  if (!ip || port == scheme) {
    if (!peer.empty()) span.set("network.peer.address", peer);
    return;
  }
  std::string_view host = peer.substr(scheme + 1, port - scheme - 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  std::int64_t number = 0;
  std::from_chars(peer.data() + port + 1, peer.data() + peer.size(), number);
  span.set("network.peer.address", host).set("network.peer.port", number);
}

class Tracing final : public Handler {
 public:
  Tracing(std::shared_ptr<const Tracer> tracer, const Propagation& propagation, const Site& site, Handler& next)
      : tracer_(std::move(tracer)),
        propagation_(propagation),
        side_(site.side),
        streams_(site.method.kind != Kind::unary),
        name_(rpc_method(site.method.path)),
        slot_(site.slot<CallSpan>()),
        next_(next) {}

  Task<Status> operator()(LayerCall& call) override {
    Span& span = slot_.emplace(call, side_ == Side::server ? begin_here(call) : begin_there(call), *tracer_).span;
    const TraceContext& context = span.context();
    call.facts.trace_high = context.trace_high;
    call.facts.trace_low = context.trace_low;
    call.facts.span = context.span;
    call.facts.sampled = span.recorded();
    if (streams_ && side_ == Side::server && span.recorded())
      tracer_->begin(name_ + " begin", SpanKind::internal, &context);
    Status status = co_await next_(call);
    if (span.recorded()) end(call, call.outcome(status), span);
    co_return status;
  }

 private:
  Span begin_here(const LayerCall& call) const {
    const auto parent = propagation_.extract(call.request_metadata);
    return tracer_->begin(name_, SpanKind::server, parent ? &*parent : nullptr, true);
  }

  Span begin_there(LayerCall& call) const {
    const TraceContext* parent = call.find<TraceContext>();
    const auto* above = call.find<CallSpan>();
    if (parent == nullptr && above != nullptr) parent = &above->span.context();
    Span span = tracer_->begin(name_, SpanKind::client, parent);
    propagation_.inject(span.context(), call.request_metadata);
    if (call.parent != nullptr) propagation_.pass_baggage(call.parent->request_metadata, call.request_metadata);
    return span;
  }

  void end(const LayerCall& call, const Status& told, Span& span) const {
    const std::string_view code = code_name(told.code());
    span.set("rpc.system.name", "grpc").set("rpc.method", name_).set("rpc.response.status_code", code);
    if (name_ == "_OTHER") span.set("rpc.method_original", call.facts.path);
    set_peer(call.facts.peer, span);
    if (is_rpc_error(side_, told.code())) span.set("error.type", code).fail(told.message());
    span.finish();
  }

  const std::shared_ptr<const Tracer> tracer_;
  const Propagation propagation_;
  const Side side_;
  const bool streams_;
  const std::string name_;
  const Slot<CallSpan> slot_;
  Handler& next_;
};

}  // namespace

std::unique_ptr<Handler> TracingLayer::wrap(const Site& site, Handler& next) const {
  return std::make_unique<Tracing>(tracer_, propagation_, site, next);
}

}  // namespace pintle

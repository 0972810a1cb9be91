#include <pintle/telemetry/tracing/propagation.hpp>

namespace pintle {

namespace {

constexpr std::string_view kTraceparent = "traceparent", kTracestate = "tracestate", kBaggage = "baggage";
constexpr std::string_view kB3 = "b3", kB3Trace = "x-b3-traceid", kB3Span = "x-b3-spanid", kB3Sampled = "x-b3-sampled";
constexpr std::string_view kGrpc = "grpc-trace-bin";
constexpr std::size_t kMostBaggage = 8192;

// The state may come in several entries, which are one list.
std::string joined_state(const Metadata& from) {
  std::string all;
  for (const auto& [key, value] : from) {
    if (key != kTracestate) continue;
    if (!all.empty()) all.push_back(',');
    all.append(value);
  }
  return is_tracestate(all) ? all : std::string();
}

}  // namespace

std::expected<Propagation, std::string> Propagation::of(std::span<const std::string> names) {
  Propagation made;
  made.w3c_ = made.baggage_ = false;
  for (const std::string& name : names) {
    if (name == "tracecontext")
      made.w3c_ = true;
    else if (name == "baggage")
      made.baggage_ = true;
    else if (name == "b3")
      made.b3_ = true;
    else if (name == "b3multi")
      made.b3_multi_ = true;
    else if (name == "grpc-trace-bin")
      made.grpc_ = true;
    else if (name != "none")
      return std::unexpected(name);
  }
  return made;
}

std::optional<TraceContext> Propagation::extract(const Metadata& from) const {
  if (w3c_) {
    if (const auto text = from.get(kTraceparent))
      if (auto found = parse_traceparent(*text)) {
        found->state = joined_state(from);
        return found;
      }
  }
  if (b3_ || b3_multi_) {
    if (const auto text = from.get(kB3))
      if (auto found = parse_b3(*text)) return found;
    const auto trace = from.get(kB3Trace), span = from.get(kB3Span);
    if (trace && span)
      if (auto found = parse_b3(*trace, *span, from.get(kB3Sampled).value_or(""))) return found;
  }
  if (grpc_)
    if (const auto bytes = from.get(kGrpc)) return parse_grpc_trace_bin(*bytes);
  return std::nullopt;
}

void Propagation::inject(const TraceContext& context, Metadata& to) const {
  const auto write = [&](std::string_view key, std::string_view value) {
    if (!to.get(key)) to.add(key, value);
  };
  if (w3c_) {
    write(kTraceparent, format_traceparent(context));
    if (!context.state.empty()) write(kTracestate, context.state);
  }
  if (b3_) write(kB3, format_b3(context));
  if (b3_multi_) {
    write(kB3Trace, context.trace_id());
    write(kB3Span, context.span_id());
    write(kB3Sampled, context.sampled ? "1" : "0");
  }
  if (grpc_) write(kGrpc, format_grpc_trace_bin(context));
}

void Propagation::pass_baggage(const Metadata& from, Metadata& to) const {
  if (!baggage_ || to.get(kBaggage)) return;
  std::size_t size = 0;
  for (const auto& [key, value] : from)
    if (key == kBaggage && (size += value.size()) <= kMostBaggage) to.add(kBaggage, value);
}

}  // namespace pintle

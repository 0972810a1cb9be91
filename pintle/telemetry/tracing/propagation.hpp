// Which of the ways to write a trace context in metadata a process reads and writes.
#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/base/metadata.hpp>
#include <pintle/telemetry/tracing/trace_context.hpp>

namespace pintle {

// Any thread. Baggage is not interpreted: what came travels on, up to 8 KiB, as W3C asks for at least.
class Propagation {
 public:
  // The names of OTEL_PROPAGATORS: tracecontext, baggage, b3, b3multi, grpc-trace-bin, none. The error is the name that
  // is none of them.
  static std::expected<Propagation, std::string> of(std::span<const std::string> names);
  // tracecontext and baggage.
  Propagation() = default;

  // From the first of the ways that finds something.
  std::optional<TraceContext> extract(const Metadata& from) const;
  // In each of the ways. What is there under those keys already stays, and is not written again.
  void inject(const TraceContext& context, Metadata& to) const;
  // What an incoming call's metadata have of it, into those of an outgoing one.
  void pass_baggage(const Metadata& from, Metadata& to) const;

 private:
  bool w3c_ = true, baggage_ = true, b3_ = false, b3_multi_ = false, grpc_ = false;
};

}  // namespace pintle

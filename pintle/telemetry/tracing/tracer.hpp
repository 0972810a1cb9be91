// Begins spans.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

#include <pintle/base/clock.hpp>
#include <pintle/base/random.hpp>
#include <pintle/telemetry/tracing/sampler.hpp>
#include <pintle/telemetry/tracing/span.hpp>

namespace pintle {

// Any thread. Outlives its spans.
class Tracer {
 public:
  using WallClock = std::function<SpanTime()>;
  // `sink` null: ids are made and handed on, nothing is recorded. A span's begin is the wall clock's, its length the
  // other clock's. `random` seeds the ids.
  Tracer(const Sampler& sampler, SpanSink* sink, const Clock& clock, const Random& random, WallClock wall = {});
  Tracer(const Tracer&) = delete;

  // `parent` null: the root of a new trace. `remote`: the parent is another process's.
  Span begin(std::string_view name, SpanKind kind, const TraceContext* parent, bool remote = false) const;

 private:
  friend class Span;
  std::uint64_t next_id() const;

  const Sampler sampler_;
  SpanSink* const sink_;
  const Clock& clock_;
  const WallClock wall_;
  alignas(64) mutable std::atomic<std::uint64_t> ids_;
};

}  // namespace pintle

// Which traces are recorded.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <pintle/telemetry/tracing/trace_context.hpp>

namespace pintle {

// The samplers of OTEL_TRACES_SAMPLER: always_on, always_off, traceidratio, and the same below parentbased_, which
// decide for traces that begin here and else do as the caller did. A value type; any thread.
class Sampler {
 public:
  // `argument` is that of traceidratio: from 0 to 1, 1 when it is empty. The error says what is wrong.
  static std::expected<Sampler, std::string> of(std::string_view name, std::string_view argument);
  // parentbased_always_on.
  Sampler() = default;

  // Whether the span is recorded; `parent` null: the trace begins with it. By the trace's id alone, so that every
  // process that has the same ratio decides alike.
  bool samples(const TraceContext* parent, std::uint64_t trace_low) const;

 private:
  double ratio_ = 1;
  bool parent_based_ = true;
};

}  // namespace pintle

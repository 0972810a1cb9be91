// The traces of a process and their way to a collector, wired by its settings.
#pragma once

#include <memory>
#include <optional>

#include <pintle/app/internal/telemetry_settings.hpp>
#include <pintle/async/nursery.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/base/observe.hpp>
#include <pintle/rpc/layer.hpp>
#include <pintle/telemetry/metrics/metric_registry.hpp>
#include <pintle/telemetry/otlp/log_queue.hpp>
#include <pintle/telemetry/otlp/otlp_exporter.hpp>
#include <pintle/telemetry/otlp/span_queue.hpp>
#include <pintle/telemetry/tracing/tracer.hpp>

namespace pintle {

class Telemetry {
 public:
  Telemetry(TelemetrySettings settings, const Clock& clock, Logger log, Meters meters);
  Telemetry(const Telemetry&) = delete;

  // Null: nothing is traced.
  std::shared_ptr<const Layer> layer() const;
  // Of the attempts of a client's calls; null: nothing is traced.
  std::shared_ptr<const Layer> attempt_layer() const;

  // Once the runtime runs: makes the channel to the collector, where there is one.
  void connect(Runtime& runtime);
  // On the loop of `env`: exports until its scope is cancelled. `lines` null: no log lines.
  void start(const Env& env, Nursery& tasks, const MetricRegistry& registry, LogQueue* lines);
  // When nothing exports any more, while the loops still run.
  void disconnect() { exporter_.reset(); }
  // What is left, within a few seconds.
  Task<void> flush(const MetricRegistry& registry, LogQueue* lines);

 private:
  static OtlpExporter::Families families(const MetricRegistry& registry);
  Task<Status> flush_all(const MetricRegistry& registry, LogQueue* lines);
  Result<std::unique_ptr<OtlpSender>> sender(Runtime& runtime) const;

  const TelemetrySettings settings_;
  const Logger log_;
  const Meters meters_;
  SpanQueue queue_;
  std::shared_ptr<const Tracer> tracer_;
  std::optional<OtlpExporter> exporter_;
};

}  // namespace pintle

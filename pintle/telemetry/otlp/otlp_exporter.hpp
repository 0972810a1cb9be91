// Sends spans and metrics to a collector, by OTLP over gRPC.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <pintle/async/task.hpp>
#include <pintle/base/clock.hpp>
#include <pintle/base/observe.hpp>
#include <pintle/base/status.hpp>
#include <pintle/rpc/handler.hpp>
#include <pintle/telemetry/metrics/metric_family.hpp>
#include <pintle/telemetry/otlp/resource.hpp>
#include <pintle/telemetry/tracing/span_queue.hpp>

namespace pintle {

// The names and defaults of OTEL_BSP_*, OTEL_EXPORTER_OTLP_* and OTEL_METRIC_EXPORT_INTERVAL.
struct OtlpOptions {
  OtlpOptions() = default;
  Duration schedule_delay = std::chrono::seconds(5);  // the longest that a span waits for others
  Duration timeout = std::chrono::seconds(10);        // of one request
  Duration metric_interval = std::chrono::seconds(60);
  Duration backoff = std::chrono::seconds(1);  // after a failure that may pass; twice as long each time
  int attempts = 5;                            // then what was to be sent is dropped
  std::vector<std::pair<std::string, std::string>> headers;
};

// Used on one loop. Outlives its tasks.
class OtlpExporter {
 public:
  using Families = std::function<std::vector<MetricFamily>()>;
  OtlpExporter(std::shared_ptr<Channel> channel, Resource resource, OtlpOptions options, Logger log, Meters meters);
  OtlpExporter(const OtlpExporter&) = delete;

  // Sends batches until it is cancelled: a full one at once, others when their time has come.
  Task<Status> export_spans(SpanQueue& queue);
  // Sends all that is there once.
  Task<Status> flush(SpanQueue& queue);
  // Sends what `families` gives, interval by interval, until it is cancelled; flush_metrics() once.
  Task<Status> export_metrics(Families families);
  Task<Status> flush_metrics(const Families& families);

 private:
  Task<Status> send(std::vector<std::unique_ptr<SpanData>> spans);
  void report(const Status& failed, std::string_view what);

  const std::shared_ptr<Channel> channel_;
  const Resource resource_;
  const OtlpOptions options_;
  const Logger log_;
  const SpanTime begin_;
  Counter exported_, failed_, refused_;
  std::uint64_t dropped_ = 0;  // by the queue, and counted
  Counter dropped_counter_;
  bool failing_ = false;
};

// Whether the same request may be sent again (OTLP specification, "Failures").
bool is_otlp_retryable(const Status& status);

}  // namespace pintle

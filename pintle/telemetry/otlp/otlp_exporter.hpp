// Sends spans, metrics and log records to a collector, by OTLP.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <pintle/async/task.hpp>
#include <pintle/base/clock.hpp>
#include <pintle/base/observe.hpp>
#include <pintle/base/status.hpp>
#include <pintle/telemetry/metrics/metric_family.hpp>
#include <pintle/telemetry/otlp/log_queue.hpp>
#include <pintle/telemetry/otlp/otlp_sender.hpp>
#include <pintle/telemetry/otlp/resource.hpp>
#include <pintle/telemetry/otlp/span_queue.hpp>

namespace pintle {

// The names and defaults of OTEL_BSP_* and OTEL_METRIC_EXPORT_INTERVAL.
struct OtlpOptions {
  OtlpOptions() = default;
  Duration schedule_delay = std::chrono::seconds(5);  // the longest that a span or a record waits for others
  Duration metric_interval = std::chrono::seconds(60);
  Duration backoff = std::chrono::seconds(1);  // after a failure that may pass; twice as long each time
  int attempts = 5;                            // then what was to be sent is dropped
};

// Used on one loop. Outlives its tasks.
class OtlpExporter {
 public:
  using Families = std::function<std::vector<MetricFamily>()>;
  OtlpExporter(std::unique_ptr<OtlpSender> sender, Resource resource, OtlpOptions options, Logger log, Meters meters);
  OtlpExporter(const OtlpExporter&) = delete;

  // Sends batches until it is cancelled: a full one at once, others when their time has come.
  Task<Status> export_spans(SpanQueue& queue);
  Task<Status> export_logs(LogQueue& queue);
  // Sends what `families` gives, interval by interval, until it is cancelled.
  Task<Status> export_metrics(Families families);
  // Sends all that is there once.
  Task<Status> flush(SpanQueue& queue);
  Task<Status> flush(LogQueue& queue);
  Task<Status> flush_metrics(const Families& families);

 private:
  // How the export of one kind goes.
  struct Course {
    Course(Meters meters, std::string_view kind, std::string_view unit);
    void dropped_so_far(std::uint64_t count);
    const std::string_view kind;
    Counter exported, failed, refused, dropped_counter;
    std::uint64_t dropped = 0;  // by the queue, and counted
    bool failing = false;
  };
  template <class Request>
  Task<OtlpAnswer> send(const Request& request, Course& course, std::uint64_t size);
  template <class Queue>
  Task<Status> export_from(Queue& queue);
  void report(Course& course, const OtlpAnswer& answer);

  const std::unique_ptr<OtlpSender> sender_;
  const Resource resource_;
  const OtlpOptions options_;
  const Logger log_;
  const SpanTime begin_;
  Course spans_, records_, points_;
};

}  // namespace pintle

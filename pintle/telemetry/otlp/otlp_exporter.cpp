#include <pintle/telemetry/otlp/otlp_exporter.hpp>

#include <algorithm>
#include <chrono>
#include <string>

#include <google/rpc/error_details.pb.h>
#include <opentelemetry/proto/collector/logs/v1/logs_service.pb.h>
#include <opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h>
#include <opentelemetry/proto/collector/trace/v1/trace_service.pb.h>

#include <pintle/async/first_of.hpp>
#include <pintle/rpc/details.hpp>
#include <pintle/telemetry/otlp/otlp_messages.hpp>

namespace pintle {

namespace {

namespace collector = opentelemetry::proto::collector;

constexpr Duration kLongestBackoff = std::chrono::seconds(30);

}  // namespace

OtlpExporter::Course::Course(Meters meters, std::string_view what, std::string_view unit) : kind(what) {
  const std::string exporter = fmt::format("otel.sdk.exporter.{}.exported", what);
  const std::string processor = fmt::format("otel.sdk.processor.{}.processed", what);
  const std::string ended = fmt::format("Of kind {}, whose export has ended.", what);
  const Instrument exported_ones{exporter, unit, ended, {}};
  exported = meters.counter(exported_ones);
  failed = meters.counter(exported_ones, {{"error.type", "failed"}});
  refused = meters.counter(exported_ones, {{"error.type", "rejected"}});
  dropped_counter = meters.counter({processor, unit, "That found no room.", {}}, {{"error.type", "queue_full"}});
}

void OtlpExporter::Course::dropped_so_far(std::uint64_t count) {
  dropped_counter.add(count - std::exchange(dropped, count));
}

OtlpExporter::OtlpExporter(std::unique_ptr<OtlpSender> sender, Resource resource, OtlpOptions options, Logger log,
                           Meters meters)
    : sender_(std::move(sender)),
      resource_(std::move(resource)),
      options_(options),
      log_(std::move(log)),
      begin_(std::chrono::system_clock::now()),
      spans_(meters, "span", "{span}"),
      records_(meters, "log", "{log_record}"),
      points_(meters, "metric_data_point", "{data_point}") {}

// Says when it begins to fail and when that is over, not each time.
void OtlpExporter::report(Course& course, const OtlpAnswer& answer) {
  if (answer.has_value() == !course.failing) return;
  course.failing = !answer.has_value();
  if (course.failing)
    log_.warn("telemetry can't be exported", {{"what", course.kind}, {"error", answer.error().to_string()}});
  else
    log_.info("telemetry is exported again", {{"what", course.kind}});
}

// Again while there is hope.
template <class Request>
Task<OtlpAnswer> OtlpExporter::send(const Request& request, Course& course, std::uint64_t size) {
  Duration pause = options_.backoff;
  OtlpAnswer answer;
  for (int attempt = 1;; ++attempt) {
    answer = co_await sender_->send(request);
    const CancelScope* scope = (co_await current_env()).scope;
    const bool over = attempt >= options_.attempts || (scope != nullptr && scope->cancelled());
    if (answer || over || !is_otlp_retryable(answer.error())) break;
    if (const auto wanted = detail_of<google::rpc::RetryInfo>(answer.error()))
      pause = std::max<Duration>(pause, std::chrono::seconds(wanted->retry_delay().seconds()));
    if (Status slept = co_await sleep_for(std::min(pause, kLongestBackoff)); !slept.ok()) break;
    pause *= 2;
  }
  report(course, answer);
  const std::uint64_t refused = answer ? std::min(*answer, size) : 0;
  if (answer)
    course.exported.add(size - refused), course.refused.add(refused);
  else
    course.failed.add(size);
  co_return answer;
}

Task<Status> OtlpExporter::flush(SpanQueue& queue) {
  Status last;
  while (last.ok() && queue.size() != 0) {
    const auto spans = queue.take();
    collector::trace::v1::ExportTraceServiceRequest request;
    write_spans(resource_, spans, request);
    const OtlpAnswer answer = co_await send(request, spans_, spans.size());
    if (!answer) last = answer.error();
  }
  spans_.dropped_so_far(queue.dropped());
  co_return last;
}

Task<Status> OtlpExporter::flush(LogQueue& queue) {
  Status last;
  while (last.ok() && queue.size() != 0) {
    const auto records = queue.take();
    collector::logs::v1::ExportLogsServiceRequest request;
    write_logs(resource_, records, request);
    const OtlpAnswer answer = co_await send(request, records_, records.size());
    if (!answer) last = answer.error();
  }
  records_.dropped_so_far(queue.dropped());
  co_return last;
}

template <class Queue>
Task<Status> OtlpExporter::export_from(Queue& queue) {
  for (;;) {
    const auto seen = queue.full().get().version;
    if (!queue.has_batch()) co_await first_of(queue.full().changed(seen), sleep_for(options_.schedule_delay));
    if (const CancelScope* scope = (co_await current_env()).scope; scope != nullptr && scope->cancelled())
      co_return scope->status();
    co_await flush(queue);
  }
}

Task<Status> OtlpExporter::export_spans(SpanQueue& queue) { co_return co_await export_from(queue); }

Task<Status> OtlpExporter::export_logs(LogQueue& queue) { co_return co_await export_from(queue); }

Task<Status> OtlpExporter::flush_metrics(const Families& families) {
  const std::vector<MetricFamily> all = families();
  collector::metrics::v1::ExportMetricsServiceRequest request;
  write_metrics(resource_, all, begin_, std::chrono::system_clock::now(), request);
  std::uint64_t points = 0;
  for (const MetricFamily& family : all) points += family.points.size();
  const OtlpAnswer answer = co_await send(request, points_, points);
  co_return answer ? Status() : answer.error();
}

Task<Status> OtlpExporter::export_metrics(Families families) {
  for (;;) {
    if (Status slept = co_await sleep_for(options_.metric_interval); !slept.ok()) co_return slept;
    co_await flush_metrics(families);
  }
}

}  // namespace pintle

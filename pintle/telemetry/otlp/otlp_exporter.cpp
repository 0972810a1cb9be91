#include <pintle/telemetry/otlp/otlp_exporter.hpp>

#include <algorithm>
#include <chrono>

#include <google/rpc/error_details.pb.h>
#include <opentelemetry/proto/collector/metrics/v1/metrics_service.pintle.hpp>
#include <opentelemetry/proto/collector/trace/v1/trace_service.pintle.hpp>

#include <pintle/async/first_of.hpp>
#include <pintle/rpc/details.hpp>
#include <pintle/telemetry/otlp/otlp_messages.hpp>

namespace pintle {

namespace {

namespace collector = opentelemetry::proto::collector;
using collector::metrics::v1::ExportMetricsServiceRequest;
using collector::metrics::v1::MetricsService;
using collector::trace::v1::ExportTraceServiceRequest;
using collector::trace::v1::TraceService;

constexpr Duration kLongestBackoff = std::chrono::seconds(30);

CallOptions call_options(const OtlpOptions& options) {
  CallOptions made = CallOptions().timeout(options.timeout);
  for (const auto& [key, value] : options.headers) made.metadata(key, value);
  return made;
}

// Sends `request` again while there is hope.
template <class F>
Task<Status> persist(const OtlpOptions& options, F& request) {
  Duration pause = options.backoff;
  for (int attempt = 1;; ++attempt) {
    Status sent = co_await request();
    const CancelScope* scope = (co_await current_env()).scope;
    const bool over = attempt >= options.attempts || (scope != nullptr && scope->cancelled());
    if (sent.ok() || over || !is_otlp_retryable(sent)) co_return sent;
    if (const auto wanted = detail_of<google::rpc::RetryInfo>(sent))
      pause = std::max<Duration>(pause, std::chrono::seconds(wanted->retry_delay().seconds()));
    if (Status slept = co_await sleep_for(std::min(pause, kLongestBackoff)); !slept.ok()) co_return slept;
    pause *= 2;
  }
}

}  // namespace

bool is_otlp_retryable(const Status& status) {
  switch (status.code()) {
    case Code::cancelled:
    case Code::deadline_exceeded:
    case Code::aborted:
    case Code::out_of_range:
    case Code::unavailable:
    case Code::data_loss:
      return true;
    case Code::resource_exhausted:
      return detail_of<google::rpc::RetryInfo>(status).has_value();
    default:
      return false;
  }
}

OtlpExporter::OtlpExporter(std::shared_ptr<Channel> channel, Resource resource, OtlpOptions options, Logger log,
                           Meters meters)
    : channel_(std::move(channel)),
      resource_(std::move(resource)),
      options_(std::move(options)),
      log_(std::move(log)),
      begin_(std::chrono::system_clock::now()) {
  const Instrument exported{"otel.sdk.exporter.span.exported", "{span}", "Spans whose export has ended.", {}};
  exported_ = meters.counter(exported);
  failed_ = meters.counter(exported, {{"error.type", "failed"}});
  refused_ = meters.counter(exported, {{"error.type", "rejected"}});
  dropped_counter_ = meters.counter({"otel.sdk.processor.span.processed", "{span}", "Spans that found no room.", {}},
                                    {{"error.type", "queue_full"}});
}

// Says when it begins to fail and when that is over, not each time.
void OtlpExporter::report(const Status& failed, std::string_view what) {
  if (failed.ok() == !failing_) return;
  failing_ = !failed.ok();
  if (failing_)
    log_.warn("telemetry can't be exported", {{"what", what}, {"error", failed.to_string()}});
  else
    log_.info("telemetry is exported again", {{"what", what}});
}

Task<Status> OtlpExporter::send(std::vector<std::unique_ptr<SpanData>> spans) {
  ExportTraceServiceRequest request;
  write_spans(resource_, spans, request);
  const std::uint64_t count = spans.size();
  spans.clear();
  TraceService::Stub stub(channel_);
  std::uint64_t refused = 0;
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): it outlives its tasks
  auto ask = [&]() -> Task<Status> {
    auto response = co_await stub.Export(request, call_options(options_));
    if (!response) co_return response.error();
    refused = static_cast<std::uint64_t>(std::max<std::int64_t>(0, response->partial_success().rejected_spans()));
    co_return Status();
  };
  Status sent = co_await persist(options_, ask);
  report(sent, "spans");
  refused = std::min(refused, count);
  if (sent.ok())
    exported_.add(count - refused), refused_.add(refused);
  else
    failed_.add(count);
  co_return sent;
}

Task<Status> OtlpExporter::flush(SpanQueue& queue) {
  Status last;
  while (queue.size() != 0) {
    last = co_await send(queue.take());
    if (!last.ok()) break;
  }
  const std::uint64_t dropped = queue.dropped();
  dropped_counter_.add(dropped - std::exchange(dropped_, dropped));
  co_return last;
}

Task<Status> OtlpExporter::export_spans(SpanQueue& queue) {
  for (;;) {
    const auto seen = queue.full().get().version;
    if (!queue.has_batch()) co_await first_of(queue.full().changed(seen), sleep_for(options_.schedule_delay));
    if (const CancelScope* scope = (co_await current_env()).scope; scope != nullptr && scope->cancelled())
      co_return scope->status();
    co_await flush(queue);
  }
}

Task<Status> OtlpExporter::flush_metrics(const Families& families) {
  ExportMetricsServiceRequest request;
  write_metrics(resource_, families(), begin_, std::chrono::system_clock::now(), request);
  MetricsService::Stub stub(channel_);
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): it outlives its tasks
  auto ask = [&]() -> Task<Status> {
    auto response = co_await stub.Export(request, call_options(options_));
    co_return response ? Status() : response.error();
  };
  Status sent = co_await persist(options_, ask);
  report(sent, "metrics");
  co_return sent;
}

Task<Status> OtlpExporter::export_metrics(Families families) {
  for (;;) {
    if (Status slept = co_await sleep_for(options_.metric_interval); !slept.ok()) co_return slept;
    co_await flush_metrics(families);
  }
}

}  // namespace pintle

#include <pintle/app/internal/telemetry.hpp>

#include <iterator>
#include <utility>

#include <pintle/async/first_of.hpp>
#include <pintle/client/channel.hpp>
#include <pintle/net/resolver.hpp>
#include <pintle/net/tls.hpp>
#include <pintle/telemetry/attempts/attempt_tracing_layer.hpp>
#include <pintle/telemetry/metrics/process_metrics.hpp>
#include <pintle/telemetry/tracing/tracing_layer.hpp>
#include <pintle/transport/http1/http_fetcher.hpp>

namespace pintle {

namespace {

constexpr Duration kFlushPatience = std::chrono::seconds(5);

}  // namespace

Telemetry::Telemetry(TelemetrySettings settings, const Clock& clock, Logger log, Meters meters)
    : settings_(std::move(settings)),
      log_(std::move(log)),
      meters_(meters),
      queue_(settings_.max_queue, settings_.max_batch),
      tracer_(std::make_shared<Tracer>(settings_.sampler, settings_.exports() ? &queue_ : nullptr, clock,
                                       system_random())) {
  for (const std::string& variable : settings_.ignored)
    log_.warn("a variable of the environment can't be read and is ignored", {{"variable", variable}});
}

std::shared_ptr<const Layer> Telemetry::layer() const {
  return settings_.tracing ? std::make_shared<TracingLayer>(tracer_, settings_.propagation) : nullptr;
}

std::shared_ptr<const Layer> Telemetry::attempt_layer() const {
  return settings_.tracing ? std::make_shared<AttemptTracingLayer>(tracer_, settings_.propagation) : nullptr;
}

Result<std::unique_ptr<OtlpSender>> Telemetry::sender(Runtime& runtime) const {
  const bool http = settings_.target.empty();
  std::shared_ptr<net::TlsClient> tls;
  if (settings_.tls) {
    net::TlsClientOptions options;
    if (http) options.alpn = "http/1.1";
    auto made = net::TlsClient::create(std::move(options));
    if (!made) return std::unexpected(std::move(made).error());
    tls = std::move(*made);
  }
  if (http)
    return otlp_over_http(std::make_shared<HttpFetcher>(std::make_shared<net::SystemResolver>(), std::move(tls)),
                          settings_.urls, settings_.request);
  ChannelOptions options;  // without layers: an export is no call to be told of
  options.log = log_;
  options.tls = std::move(tls);
  auto channel = make_channel(runtime, settings_.target, std::move(options));
  if (!channel) return std::unexpected(std::move(channel).error());
  return otlp_over_grpc(std::move(*channel), settings_.request);
}

void Telemetry::connect(Runtime& runtime) {
  if (!settings_.exports()) return;
  auto made = sender(runtime);
  if (!made) return log_.error("telemetry is not exported", {{"error", made.error().message()}});
  exporter_.emplace(std::move(*made), settings_.resource, settings_.otlp, log_, meters_);
}

OtlpExporter::Families Telemetry::families(const MetricRegistry& registry) {
  return [&registry] {
    std::vector<MetricFamily> all = registry.gather(), more = process_metrics();
    all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    return all;
  };
}

void Telemetry::start(const Env& env, Nursery& tasks, const MetricRegistry& registry, LogQueue* lines) {
  if (!exporter_) return;
  tasks.spawn(env, exporter_->export_spans(queue_));
  if (lines != nullptr) tasks.spawn(env, exporter_->export_logs(*lines));
  if (settings_.push_metrics) tasks.spawn(env, exporter_->export_metrics(families(registry)));
}

Task<Status> Telemetry::flush_all(const MetricRegistry& registry, LogQueue* lines) {
  Status spans = co_await exporter_->flush(queue_);
  if (lines != nullptr)
    if (Status sent = co_await exporter_->flush(*lines); !sent.ok()) co_return sent;
  if (settings_.push_metrics)
    if (Status sent = co_await exporter_->flush_metrics(families(registry)); !sent.ok()) co_return sent;
  co_return spans;
}

Task<void> Telemetry::flush(const MetricRegistry& registry, LogQueue* lines) {
  if (exporter_) co_await first_of(flush_all(registry, lines), sleep_for(kFlushPatience));
}

}  // namespace pintle

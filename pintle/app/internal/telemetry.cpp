#include <pintle/app/internal/telemetry.hpp>

#include <iterator>
#include <utility>

#include <pintle/async/first_of.hpp>
#include <pintle/client/channel.hpp>
#include <pintle/net/tls.hpp>
#include <pintle/telemetry/metrics/process_metrics.hpp>
#include <pintle/telemetry/tracing/tracing_layer.hpp>

namespace pintle {

namespace {

constexpr Duration kFlushPatience = std::chrono::seconds(5);

}  // namespace

Telemetry::Telemetry(TelemetrySettings settings, const Clock& clock, Logger log, Meters meters)
    : settings_(std::move(settings)),
      log_(std::move(log)),
      meters_(meters),
      queue_(settings_.max_queue, settings_.max_batch),
      tracer_(std::make_shared<Tracer>(settings_.sampler, settings_.target.empty() ? nullptr : &queue_, clock,
                                       system_random())) {
  for (const std::string& variable : settings_.ignored)
    log_.warn("a variable of the environment can't be read and is ignored", {{"variable", variable}});
}

std::shared_ptr<const Layer> Telemetry::layer() const {
  return settings_.tracing ? std::make_shared<TracingLayer>(tracer_, settings_.propagation) : nullptr;
}

void Telemetry::connect(Runtime& runtime) {
  if (settings_.target.empty()) return;
  ChannelOptions options;  // without layers: an export is no call to be told of
  options.log = log_;
  if (settings_.tls) {
    auto tls = net::TlsClient::create();
    if (!tls) return log_.error("telemetry is not exported", {{"error", tls.error().message()}});
    options.tls = std::move(*tls);
  }
  auto channel = make_channel(runtime, settings_.target, std::move(options));
  if (!channel) return log_.error("telemetry is not exported", {{"error", channel.error().message()}});
  exporter_.emplace(std::move(*channel), settings_.resource, settings_.otlp, log_, meters_);
}

OtlpExporter::Families Telemetry::families(const MetricRegistry& registry) {
  return [&registry] {
    std::vector<MetricFamily> all = registry.gather(), more = process_metrics();
    all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    return all;
  };
}

void Telemetry::start(const Env& env, Nursery& tasks, const MetricRegistry& registry) {
  if (!exporter_) return;
  tasks.spawn(env, exporter_->export_spans(queue_));
  if (settings_.push_metrics) tasks.spawn(env, exporter_->export_metrics(families(registry)));
}

Task<Status> Telemetry::flush_all(const MetricRegistry& registry) {
  Status spans = co_await exporter_->flush(queue_);
  if (settings_.push_metrics)
    if (Status sent = co_await exporter_->flush_metrics(families(registry)); !sent.ok()) co_return sent;
  co_return spans;
}

Task<void> Telemetry::flush(const MetricRegistry& registry) {
  if (exporter_) co_await first_of(flush_all(registry), sleep_for(kFlushPatience));
}

}  // namespace pintle

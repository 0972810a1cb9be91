#include <fcntl.h>
#include <unistd.h>

#include "layers.hpp"
#include <pintle/middleware/request_id/request_id_layer.hpp>
#include <pintle/telemetry/access_log/access_log_layer.hpp>
#include <pintle/telemetry/metrics/rpc_metrics_layer.hpp>
#include <pintle/telemetry/tracing/tracing_layer.hpp>

namespace pintle::bench {

namespace {

MetricOptions metric_options(const Runtime& runtime) {
  MetricOptions options;
  options.shards = runtime.size() + 2;
  return options;
}

}  // namespace

Telemetry::Telemetry(Runtime& runtime)
    : nowhere_(::open("/dev/null", O_WRONLY | O_CLOEXEC)),
      log_(nowhere_),
      registry_(metric_options(runtime)),
      tracer_(std::make_shared<Tracer>(Sampler(), nullptr, runtime.clock(), system_random())) {}

Telemetry::~Telemetry() { ::close(nowhere_); }

ServerOptions Telemetry::options() {
  ServerOptions options;
  options.log = Logger(&log_);
  options.meters = Meters(&registry_);
  return options;
}

std::vector<std::shared_ptr<const Layer>> Telemetry::layers(std::string_view wanted) const {
  std::vector<std::shared_ptr<const Layer>> all;
  const auto add = [&](std::string_view name, auto make) {
    if (wanted == name || wanted == "sight") all.push_back(make());
  };
  add("request_id", [] { return std::make_shared<RequestIdLayer>(); });
  add("tracing", [this] { return std::make_shared<TracingLayer>(tracer_, Propagation()); });
  add("metrics", [] { return std::make_shared<RpcMetricsLayer>(); });
  add("access_log", [] { return std::make_shared<AccessLogLayer>(); });
  return all;
}

}  // namespace pintle::bench

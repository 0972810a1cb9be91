#include <pintle/app/internal/own_layers.hpp>

#include <utility>

#include <pintle/config/v1/telemetry.pb.h>
#include <pintle/middleware/request_id/request_id_layer.hpp>
#include <pintle/middleware/validation/validation_layer.hpp>
#include <pintle/telemetry/access_log/access_log_layer.hpp>
#include <pintle/telemetry/metrics/rpc_metrics_layer.hpp>
#include <pintle/telemetry/payload_log/payload_log_layer.hpp>

namespace pintle {

namespace {

std::shared_ptr<const Layer> request_ids(const config::v1::RequestId& settings) {
  RequestIdOptions options;
  options.key = settings.key();
  return std::make_shared<RequestIdLayer>(std::move(options));
}

std::shared_ptr<const Layer> metrics(const config::v1::Metrics& settings) {
  RpcMetricsOptions options;
  options.otel = settings.otel_names();
  options.grpc = settings.grpc_names();
  options.prometheus = settings.prometheus_names();
  options.prometheus_handling = settings.handling_seconds();
  return std::make_shared<RpcMetricsLayer>(options);
}

std::shared_ptr<const Layer> access_log(const config::v1::AccessLog& settings) {
  AccessLogOptions options;
  options.sample_ok = settings.sample_ok();
  options.quiet.assign(settings.quiet().begin(), settings.quiet().end());
  return std::make_shared<AccessLogLayer>(std::move(options));
}

std::shared_ptr<const Layer> payload_log(const config::v1::AccessLog& settings) {
  PayloadLogOptions options;
  options.methods.assign(settings.payloads().begin(), settings.payloads().end());
  options.most = settings.max_payload_bytes();
  return std::make_shared<PayloadLogLayer>(std::move(options));
}

}  // namespace

OwnLayers::OwnLayers(const config::v1::Telemetry& settings, std::shared_ptr<const Layer> tracing,
                     const std::vector<std::shared_ptr<const Layer>>& guards, bool validates)
    : server(guards) {
  if (validates) server.push_back(std::make_shared<ValidationLayer>());
  const auto both = [this](std::shared_ptr<const Layer> layer) {
    server.push_back(layer);
    client.push_back(std::move(layer));
  };
  if (settings.request_id().enabled()) both(request_ids(settings.request_id()));
  if (tracing != nullptr) both(std::move(tracing));
  if (settings.metrics().enabled()) both(metrics(settings.metrics()));
  if (!settings.access_log().payloads().empty()) both(payload_log(settings.access_log()));
  if (!settings.access_log().enabled()) return;
  server.push_back(access_log(settings.access_log()));
  if (settings.access_log().clients()) client.push_back(access_log(settings.access_log()));
}

}  // namespace pintle

// What the configuration and OpenTelemetry's environment say about traces and their export, in the terms of those who
// do it.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <pintle/app/config.hpp>
#include <pintle/telemetry/otlp/otlp_exporter.hpp>
#include <pintle/telemetry/otlp/resource.hpp>
#include <pintle/telemetry/tracing/propagation.hpp>
#include <pintle/telemetry/tracing/sampler.hpp>

namespace pintle {

struct TelemetrySettings {
  bool tracing = true;
  Sampler sampler;
  Propagation propagation;
  // Where to: for OTLP/gRPC a channel's target, for OTLP/HTTP the URLs; both empty: nothing is exported.
  std::string target;
  bool tls = false;
  OtlpUrls urls;
  bool push_metrics = false, push_logs = false;
  bool exports() const { return !target.empty() || !urls.traces.empty(); }
  OtlpOptions otlp;
  OtlpRequestOptions request;
  std::size_t max_queue = 2048, max_batch = 512;
  Resource resource;
  // What of the environment can't be read and counts as not set, as OpenTelemetry wants it.
  std::vector<std::string> ignored;
};

using ReadVariable = std::function<std::optional<std::string>(const std::string& name)>;

// A key that somebody has set wins over the environment; what is wrong with one is an error.
std::expected<TelemetrySettings, std::vector<ConfigError>> telemetry_settings(std::string_view service,
                                                                              const Config& config,
                                                                              const ReadVariable& variable);

}  // namespace pintle

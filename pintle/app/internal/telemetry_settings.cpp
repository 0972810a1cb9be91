#include <pintle/app/internal/telemetry_settings.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include <pintle/app/internal/schema_values.hpp>
#include <pintle/base/metadata.hpp>
#include <pintle/config/v1/telemetry.pb.h>

namespace pintle {

namespace {

using app::duration;

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    if (!part.empty()) parts.emplace_back(part);
  }
  return parts;
}

// "http://collector:4317/" is the target "collector:4317", in plaintext; without a scheme so too. OTLP/HTTP has the
// port 4318 and may have a path.
bool set_endpoint(std::string_view text, bool http, TelemetrySettings& settings) {
  settings.tls = text.starts_with("https://");
  if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    if (!settings.tls && !text.starts_with("http://")) return false;
    text.remove_prefix(scheme + 3);
  }
  while (text.ends_with('/')) text.remove_suffix(1);
  const std::size_t path = std::min(text.find('/'), text.size());
  if (path == 0 || text.find(' ') != std::string_view::npos || (path != text.size() && !http)) return false;
  std::string place(text.substr(0, path));
  if (place.rfind(':') == std::string::npos) place += http ? ":4318" : ":4317";
  if (http)
    settings.urls = OtlpUrls((settings.tls ? "https://" : "http://") + place + std::string(text.substr(path)));
  else
    settings.target = std::move(place);
  return true;
}

bool set_header(std::string_view text, OtlpRequestOptions& options) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return false;
  std::string key(text.substr(0, equals));
  std::ranges::transform(key, key.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const std::string_view value = text.substr(equals + 1);
  if (!Metadata::valid_key(key) || !Metadata::valid_ascii_value(value)) return false;
  options.headers.emplace_back(std::move(key), std::string(value));
  return true;
}

template <class N>
bool set_number(std::string_view text, N& number, N least) {
  N read{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), read);
  if (failed != std::errc() || end != text.data() + text.size() || read < least) return false;
  number = read;
  return true;
}

// OpenTelemetry's durations are milliseconds.
bool set_milliseconds(std::string_view text, Duration& to) {
  std::int64_t milliseconds = 0;
  if (!set_number<std::int64_t>(text, milliseconds, 1)) return false;
  to = std::chrono::milliseconds(milliseconds);
  return true;
}

class Reading {
 public:
  Reading(const Config& config, const ReadVariable& variable) : config_(config), variable_(variable) {}

  // Asks `own` of the configuration where somebody set the key or the environment has nothing; else `other`.
  template <class Own, class Other>
  void one(const char* key, std::initializer_list<const char*> names, Own own, Other other) {
    const std::string full = std::string("telemetry.") + key;
    if (config_.origin(full) == "default") {
      for (const char* name : names) {
        const auto text = variable_(name);
        if (!text || text->empty()) continue;
        if (other(*text)) return;
        settings.ignored.push_back(std::string(name) + "=" + *text);
      }
    }
    if (std::string problem = own(); !problem.empty()) errors.push_back(app::fault(full, std::move(problem)));
  }
  bool is_true(const char* name) const {
    const auto text = variable_(name);
    return text && (*text == "true" || *text == "TRUE" || *text == "True");
  }

  TelemetrySettings settings;
  std::vector<ConfigError> errors;

 private:
  const Config& config_;
  const ReadVariable& variable_;
};

void read_tracing(const config::v1::Tracing& own, const ReadVariable& variable, Reading& reading) {
  TelemetrySettings& s = reading.settings;
  s.tracing = own.enabled() && !reading.is_true("OTEL_SDK_DISABLED");
  const auto set_sampler = [&](const std::string& name, const std::string& argument) -> std::string {
    auto made = Sampler::of(name, argument);
    if (!made) return made.error();
    s.sampler = *made;
    return {};
  };
  reading.one(
      "tracing.sampler", {"OTEL_TRACES_SAMPLER"}, [&] { return set_sampler(own.sampler(), own.sampler_argument()); },
      [&](const std::string& name) {
        return set_sampler(name, variable("OTEL_TRACES_SAMPLER_ARG").value_or("")).empty();
      });
  const auto set_propagators = [&](const std::vector<std::string>& names) -> std::string {
    auto made = Propagation::of(names);
    if (!made) return "'" + made.error() + "' is no propagator";
    s.propagation = *made;
    return {};
  };
  reading.one(
      "tracing.propagators", {"OTEL_PROPAGATORS"},
      [&] { return set_propagators({own.propagators().begin(), own.propagators().end()}); },
      [&](const std::string& text) { return set_propagators(split(text)).empty(); });
}

void read_otlp(const config::v1::Otlp& own, Reading& reading) {
  TelemetrySettings& s = reading.settings;
  bool http = false;
  const auto set_protocol = [&](const std::string& name) {
    http = name == "http/protobuf";
    return http || name == "grpc";
  };
  reading.one(
      "otlp.protocol", {"OTEL_EXPORTER_OTLP_PROTOCOL"},
      [&]() -> std::string {
        return set_protocol(own.protocol()) ? "" : "'" + own.protocol() + "' is neither grpc nor http/protobuf";
      },
      set_protocol);
  reading.one(
      "otlp.endpoint", {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"},
      [&]() -> std::string {
        if (own.endpoint().empty() || set_endpoint(own.endpoint(), http, s)) return {};
        return "'" + own.endpoint() + "' is no address of a collector, such as http://collector:4317";
      },
      [&](const std::string& text) { return set_endpoint(text, http, s); });
  reading.one(
      "otlp.headers", {"OTEL_EXPORTER_OTLP_HEADERS"},
      [&]() -> std::string {
        for (const std::string& header : own.headers())
          if (!set_header(header, s.request)) return "a header is no key=value";
        return {};
      },
      [&](const std::string& text) {
        return std::ranges::all_of(split(text),
                                   [&](const std::string& header) { return set_header(header, s.request); });
      });
  const auto time = [&](const char* key, std::initializer_list<const char*> names, Duration own_value, Duration& to) {
    reading.one(
        key, names, [&, own_value] { return to = own_value, std::string(); },
        [&](const std::string& text) { return set_milliseconds(text, to); });
  };
  time("otlp.timeout", {"OTEL_EXPORTER_OTLP_TIMEOUT"}, duration(own.timeout()), s.request.timeout);
  time("otlp.schedule_delay", {"OTEL_BSP_SCHEDULE_DELAY"}, duration(own.schedule_delay()), s.otlp.schedule_delay);
  time("otlp.metric_interval", {"OTEL_METRIC_EXPORT_INTERVAL"}, duration(own.metric_interval()),
       s.otlp.metric_interval);
  const auto number = [&](const char* key, std::initializer_list<const char*> names, std::size_t own_value,
                          std::size_t& to) {
    reading.one(
        key, names, [&, own_value] { return to = own_value, std::string(); },
        [&](const std::string& text) { return set_number<std::size_t>(text, to, 1); });
  };
  number("otlp.max_queue_size", {"OTEL_BSP_MAX_QUEUE_SIZE"}, own.max_queue_size(), s.max_queue);
  number("otlp.max_export_batch_size", {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE"}, own.max_export_batch_size(), s.max_batch);
  s.max_batch = std::min(s.max_batch, s.max_queue);
  const auto pushed = [&](const char* key, const char* name, bool own_value, bool& to) {
    reading.one(
        key, {name}, [&, own_value] { return to = own_value, std::string(); },
        [&](const std::string& text) { return to = text == "otlp", to || text == "none"; });
  };
  pushed("otlp.metrics", "OTEL_METRICS_EXPORTER", own.metrics(), s.push_metrics);
  pushed("otlp.logs", "OTEL_LOGS_EXPORTER", own.logs(), s.push_logs);
}

void read_resource(std::string_view service, const config::v1::Otlp& own, Reading& reading) {
  std::string name(service), attributes;
  const auto text_of = [](std::string& to, const std::string& value) { return to = value, true; };
  reading.one(
      "otlp.service_name", {"OTEL_SERVICE_NAME"},
      [&] { return own.service_name().empty() ? std::string() : (name = own.service_name(), std::string()); },
      [&](const std::string& text) { return text_of(name, text); });
  reading.one(
      "otlp.resource_attributes", {"OTEL_RESOURCE_ATTRIBUTES"},
      [&] { return attributes = own.resource_attributes(), std::string(); },
      [&](const std::string& text) { return text_of(attributes, text); });
  reading.settings.resource = make_resource(name, attributes);
}

}  // namespace

std::expected<TelemetrySettings, std::vector<ConfigError>> telemetry_settings(std::string_view service,
                                                                              const Config& config,
                                                                              const ReadVariable& variable) {
  const auto& own = config.get<config::v1::Telemetry>();
  Reading reading(config, variable);
  read_tracing(own.tracing(), variable, reading);
  read_otlp(own.otlp(), reading);
  read_resource(service, own.otlp(), reading);
  if (!reading.errors.empty()) return std::unexpected(std::move(reading.errors));
  return std::move(reading.settings);
}

}  // namespace pintle

#include <pintle/telemetry/otlp/otlp_messages.hpp>

#include <string>

#include <opentelemetry/proto/collector/logs/v1/logs_service.pb.h>
#include <opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h>
#include <opentelemetry/proto/collector/trace/v1/trace_service.pb.h>

#include <pintle/version.hpp>

namespace pintle {

namespace {

namespace common = opentelemetry::proto::common::v1;
namespace logs = opentelemetry::proto::logs::v1;
namespace metrics = opentelemetry::proto::metrics::v1;
namespace trace = opentelemetry::proto::trace::v1;
using KeyValues = google::protobuf::RepeatedPtrField<common::KeyValue>;

std::uint64_t nanos(SpanTime at) { return static_cast<std::uint64_t>(at.time_since_epoch().count()); }

std::string bytes_of(std::uint64_t value) {
  std::string out;
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift & 0xff));
  return out;
}

struct SetValue {
  common::AnyValue& to;
  void operator()(const std::string& text) const { to.set_string_value(text); }
  void operator()(std::int64_t number) const { to.set_int_value(number); }
  void operator()(double number) const { to.set_double_value(number); }
  void operator()(bool yes) const { to.set_bool_value(yes); }
};

void write_attributes(const std::vector<std::pair<std::string, SpanValue>>& from, KeyValues& to) {
  for (const auto& [key, value] : from) {
    common::KeyValue& pair = *to.Add();
    pair.set_key(key);
    std::visit(SetValue{*pair.mutable_value()}, value);
  }
}

void write_attributes(const std::vector<std::pair<std::string, std::string>>& from, KeyValues& to) {
  for (const auto& [key, value] : from) {
    common::KeyValue& pair = *to.Add();
    pair.set_key(key);
    pair.mutable_value()->set_string_value(value);
  }
}

void write_scope(common::InstrumentationScope& scope) {
  scope.set_name("pintle");
  scope.set_version(PINTLE_VERSION_STRING);
}

trace::Span::SpanKind kind_of(SpanKind kind) {
  switch (kind) {
    case SpanKind::server:
      return trace::Span::SPAN_KIND_SERVER;
    case SpanKind::client:
      return trace::Span::SPAN_KIND_CLIENT;
    case SpanKind::internal:
      break;
  }
  return trace::Span::SPAN_KIND_INTERNAL;
}

void write_span(const SpanData& from, trace::Span& to) {
  constexpr std::uint32_t kSampled = 1, kKnowsRemote = 0x100, kIsRemote = 0x200;
  to.set_trace_id(bytes_of(from.context.trace_high) + bytes_of(from.context.trace_low));
  to.set_span_id(bytes_of(from.context.span));
  to.set_trace_state(from.context.state);
  if (from.parent != 0) to.set_parent_span_id(bytes_of(from.parent));
  to.set_flags(kSampled | kKnowsRemote | (from.parent != 0 && from.parent_is_remote ? kIsRemote : 0));
  to.set_name(from.name);
  to.set_kind(kind_of(from.kind));
  to.set_start_time_unix_nano(nanos(from.begin));
  to.set_end_time_unix_nano(nanos(from.end));
  write_attributes(from.attributes, *to.mutable_attributes());
  to.set_dropped_attributes_count(static_cast<std::uint32_t>(from.dropped_attributes));
  for (const SpanData::Event& event : from.events) {
    trace::Span::Event& written = *to.add_events();
    written.set_time_unix_nano(nanos(event.at));
    written.set_name(event.name);
    write_attributes(event.attributes, *written.mutable_attributes());
  }
  to.set_dropped_events_count(static_cast<std::uint32_t>(from.dropped_events));
  if (!from.failed) return;
  to.mutable_status()->set_code(trace::Status::STATUS_CODE_ERROR);
  to.mutable_status()->set_message(from.error);
}

logs::SeverityNumber severity_of(Level level) {
  switch (level) {
    case Level::debug:
      return logs::SEVERITY_NUMBER_DEBUG;
    case Level::warn:
      return logs::SEVERITY_NUMBER_WARN;
    case Level::error:
      return logs::SEVERITY_NUMBER_ERROR;
    case Level::info:
      break;
  }
  return logs::SEVERITY_NUMBER_INFO;
}

std::string_view name_of(Level level) {
  constexpr std::string_view kNames[] = {"DEBUG", "INFO", "WARN", "ERROR"};
  return kNames[static_cast<std::size_t>(level)];
}

void write_record(const LogRecord& from, logs::LogRecord& to) {
  to.set_time_unix_nano(nanos(from.at));
  to.set_observed_time_unix_nano(nanos(from.at));
  to.set_severity_number(severity_of(from.level));
  to.set_severity_text(std::string(name_of(from.level)));
  to.mutable_body()->set_string_value(from.message);
  write_attributes(from.fields, *to.mutable_attributes());
  if ((from.trace_high | from.trace_low) != 0) to.set_trace_id(bytes_of(from.trace_high) + bytes_of(from.trace_low));
  if (from.span != 0) to.set_span_id(bytes_of(from.span));
}

struct Times {
  std::uint64_t begin, now;
};

void write_numbers(const MetricFamily& family, Times times,
                   google::protobuf::RepeatedPtrField<metrics::NumberDataPoint>& to) {
  for (const MetricPoint& point : family.points) {
    metrics::NumberDataPoint& written = *to.Add();
    write_attributes(point.attributes, *written.mutable_attributes());
    if (family.kind == MetricKind::counter) written.set_start_time_unix_nano(times.begin);
    written.set_time_unix_nano(times.now);
    written.set_as_double(point.value);
  }
}

void write_histogram(const MetricFamily& family, Times times, metrics::Histogram& to) {
  to.set_aggregation_temporality(metrics::AGGREGATION_TEMPORALITY_CUMULATIVE);
  for (const MetricPoint& point : family.points) {
    metrics::HistogramDataPoint& written = *to.add_data_points();
    write_attributes(point.attributes, *written.mutable_attributes());
    written.set_start_time_unix_nano(times.begin);
    written.set_time_unix_nano(times.now);
    written.set_count(point.count);
    written.set_sum(point.sum);
    written.mutable_bucket_counts()->Add(point.buckets.begin(), point.buckets.end());
    written.mutable_explicit_bounds()->Add(family.bounds.begin(), family.bounds.end());
    for (const auto& [bucket, exemplar] : point.exemplars) {
      metrics::Exemplar& shown = *written.add_exemplars();
      shown.set_as_double(exemplar.value);
      shown.set_time_unix_nano(times.now);
      shown.set_trace_id(bytes_of(exemplar.trace_high) + bytes_of(exemplar.trace_low));
      shown.set_span_id(bytes_of(exemplar.span));
    }
  }
}

}  // namespace

void write_spans(const Resource& resource, std::span<const std::unique_ptr<SpanData>> spans,
                 opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest& out) {
  trace::ResourceSpans& all = *out.add_resource_spans();
  write_attributes(resource.attributes, *all.mutable_resource()->mutable_attributes());
  trace::ScopeSpans& scoped = *all.add_scope_spans();
  write_scope(*scoped.mutable_scope());
  for (const auto& span : spans) write_span(*span, *scoped.add_spans());
}

void write_logs(const Resource& resource, std::span<const LogRecord> records,
                opentelemetry::proto::collector::logs::v1::ExportLogsServiceRequest& out) {
  logs::ResourceLogs& all = *out.add_resource_logs();
  write_attributes(resource.attributes, *all.mutable_resource()->mutable_attributes());
  logs::ScopeLogs& scoped = *all.add_scope_logs();
  write_scope(*scoped.mutable_scope());
  for (const LogRecord& record : records) write_record(record, *scoped.add_log_records());
}

void write_metrics(const Resource& resource, std::span<const MetricFamily> families, SpanTime begin, SpanTime now,
                   opentelemetry::proto::collector::metrics::v1::ExportMetricsServiceRequest& out) {
  metrics::ResourceMetrics& all = *out.add_resource_metrics();
  write_attributes(resource.attributes, *all.mutable_resource()->mutable_attributes());
  metrics::ScopeMetrics& scoped = *all.add_scope_metrics();
  write_scope(*scoped.mutable_scope());
  const Times times{nanos(begin), nanos(now)};
  for (const MetricFamily& family : families) {
    metrics::Metric& written = *scoped.add_metrics();
    written.set_name(family.name);
    written.set_unit(family.unit);
    written.set_description(family.description);
    switch (family.kind) {
      case MetricKind::counter:
        written.mutable_sum()->set_is_monotonic(true);
        written.mutable_sum()->set_aggregation_temporality(metrics::AGGREGATION_TEMPORALITY_CUMULATIVE);
        write_numbers(family, times, *written.mutable_sum()->mutable_data_points());
        break;
      case MetricKind::gauge:
        write_numbers(family, times, *written.mutable_gauge()->mutable_data_points());
        break;
      case MetricKind::histogram:
        write_histogram(family, times, *written.mutable_histogram());
        break;
    }
  }
}

}  // namespace pintle

// Spans, metrics and log records as the messages of OTLP.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include <pintle/telemetry/metrics/metric_family.hpp>
#include <pintle/telemetry/otlp/log_queue.hpp>
#include <pintle/telemetry/otlp/otlp_requests.hpp>
#include <pintle/telemetry/otlp/resource.hpp>
#include <pintle/telemetry/tracing/span.hpp>

namespace pintle {

void write_spans(const Resource& resource, std::span<const std::unique_ptr<SpanData>> spans,
                 opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest& out);
void write_logs(const Resource& resource, std::span<const LogRecord> records,
                opentelemetry::proto::collector::logs::v1::ExportLogsServiceRequest& out);
// Cumulative, since `begin`.
void write_metrics(const Resource& resource, std::span<const MetricFamily> families, SpanTime begin, SpanTime now,
                   opentelemetry::proto::collector::metrics::v1::ExportMetricsServiceRequest& out);

}  // namespace pintle

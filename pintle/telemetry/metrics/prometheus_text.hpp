// Metrics as Prometheus scrapes them: its text format 0.0.4, and OpenMetrics 1.0.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <pintle/telemetry/metrics/metric_family.hpp>

namespace pintle {

// Exemplars are shown in OpenMetrics only.
enum class MetricText : std::uint8_t { prometheus, open_metrics };

// What the header Accept of a scrape asks for; Prometheus' own format unless it names the other.
MetricText metric_text_for(std::string_view accept);
std::string_view content_type(MetricText format);

// Appends the families. Names are translated as OpenTelemetry's compatibility page says: other characters become '_',
// the unit is spelled out behind the name, a counter ends in _total. Of families whose names become the same the first
// is shown.
void write_metrics(std::span<const MetricFamily> families, MetricText format, std::string& out);

// The translated name of a family, without _total.
std::string prometheus_name(const MetricFamily& family);

}  // namespace pintle

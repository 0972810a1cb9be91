// What was measured, as values: what a scrape or an export is made of.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace pintle {

enum class MetricKind : std::uint8_t { counter, gauge, histogram };

// The call in which a value was recorded.
struct Exemplar {
  double value = 0;
  std::uint64_t trace_high = 0, trace_low = 0, span = 0;
};

// One series: a value, or a histogram.
struct MetricPoint {
  MetricPoint() = default;
  MetricPoint(std::vector<std::pair<std::string, std::string>> a, double v) : attributes(std::move(a)), value(v) {}
  std::vector<std::pair<std::string, std::string>> attributes;  // in the order in which they were given
  double value = 0;
  std::vector<std::uint64_t> buckets;  // of a histogram: one per bound, and one above the last
  double sum = 0;
  std::uint64_t count = 0;
  std::vector<std::pair<std::size_t, Exemplar>> exemplars;  // by bucket
};

struct MetricFamily {
  MetricFamily() = default;
  MetricFamily(MetricKind k, std::string n, std::string u, std::string d)
      : kind(k), name(std::move(n)), unit(std::move(u)), description(std::move(d)) {}
  MetricKind kind = MetricKind::counter;
  std::string name;  // OpenTelemetry's, or one that Prometheus takes as it is
  std::string unit;  // by UCUM
  std::string description;
  std::vector<double> bounds;  // of histograms
  std::vector<MetricPoint> points;
};

}  // namespace pintle

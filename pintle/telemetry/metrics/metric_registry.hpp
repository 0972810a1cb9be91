// Where counters, gauges and histograms are counted, and gathered from.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include <pintle/base/observe.hpp>
#include <pintle/telemetry/metrics/metric_family.hpp>

namespace pintle {

struct MetricOptions {
  MetricOptions() = default;
  // Threads count in so many places, each on cache lines of its own: a place per loop and one for the rest is best.
  std::size_t shards = 4;
  // Of one instrument; what comes on top is counted in one series with the attribute otel.metric.overflow="true", as
  // OpenTelemetry does, so that a stranger's choice of labels can't fill the memory.
  std::size_t max_series = 2'000;
};

// Any thread. Counting takes no lock and no memory; asking for an instrument takes both. An instrument that is asked
// for under the name of one of another kind is counted and never shown. Outlives the handles that it gives.
class MetricRegistry final : public Meter {
 public:
  explicit MetricRegistry(MetricOptions options = {});
  MetricRegistry(const MetricRegistry&) = delete;
  ~MetricRegistry();

  Counter counter(const Instrument& instrument, std::span<const Field> attributes) override;
  Gauge gauge(const Instrument& instrument, std::span<const Field> attributes) override;
  Histogram histogram(const Instrument& instrument, std::span<const Field> attributes) override;

  // All families in alphabetical order, their series in that of their attributes. Values of one series are not of the
  // same moment to the last count while others count.
  std::vector<MetricFamily> gather() const;
  // A histogram's bounds when its instrument names none: those of OpenTelemetry for durations in seconds.
  static std::span<const double> default_bounds();

 private:
  class Slots;
  class CounterSeries;
  class GaugeSeries;
  class HistogramSeries;
  struct Series;
  struct Family;
  Family& family(MetricKind kind, const Instrument& instrument);
  Series& series(MetricKind kind, const Instrument& instrument, std::span<const Field> attributes);

  const MetricOptions options_;
  mutable std::mutex mutex_;
  std::unique_ptr<Slots> slots_;  // guarded by mutex_, as are
  std::map<std::string, std::unique_ptr<Family>, std::less<>> families_;
  std::vector<std::unique_ptr<Family>> misfits_;  // of another kind than the first of their name
};

}  // namespace pintle

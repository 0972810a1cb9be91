// What the system says of this process, under the names that Prometheus' clients use.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <pintle/telemetry/metrics/metric_family.hpp>

namespace pintle {

// process_cpu_seconds_total, process_resident_memory_bytes, process_virtual_memory_bytes, process_start_time_seconds,
// process_open_fds, process_max_fds, process_threads. What the system does not tell is left out. Reads a few files of
// /proc. Any thread.
std::vector<MetricFamily> process_metrics();

namespace detail {

// The part that is read from the texts of /proc/self/stat and /proc/stat, with the system's ticks and page size.
struct ProcessTicks {
  long per_second = 100, page_size = 4096;
};
std::vector<MetricFamily> process_metrics_of(const std::string& self_stat, const std::string& stat,
                                             const ProcessTicks& ticks);

}  // namespace detail

}  // namespace pintle

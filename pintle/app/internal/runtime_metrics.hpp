// What a server and its runtime are doing, as metrics.
#pragma once

#include <cstddef>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/rpc/inspect.hpp>
#include <pintle/telemetry/metrics/metric_family.hpp>

namespace pintle {

// What is known of the process beside the server's report.
struct RuntimeFacts {
  RuntimeFacts() = default;
  std::size_t memory_used = 0, memory_limit = 0;  // bytes that peers make us keep, and their budget
  std::size_t workers_running = 0, workers_queued = 0;
  std::vector<Duration> loop_lag;  // by loop: from asking it to do something to its doing it; max(): it did not
};

std::vector<MetricFamily> runtime_metrics(const ServerReport& report, const RuntimeFacts& facts);

}  // namespace pintle

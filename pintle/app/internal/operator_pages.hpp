// The pages of a process on its admin port.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include <pintle/app/config.hpp>
#include <pintle/app/dependency.hpp>
#include <pintle/app/lifecycle.hpp>
#include <pintle/app/log.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/base/memory_budget.hpp>
#include <pintle/server/server.hpp>
#include <pintle/services/admin/admin_pages.hpp>
#include <pintle/services/health/health_states.hpp>
#include <pintle/telemetry/metrics/metric_registry.hpp>

namespace pintle {

// What the pages look at and act on; all of it outlives them.
struct ProcessView {
  std::string_view name;
  const Config& config;
  StreamLog& sink;
  Logger log;
  Runtime& runtime;
  const Server& server;
  const Lifecycle& lifecycle;
  std::span<const std::unique_ptr<Dependency>> dependencies;
  const HealthStates& health;
  const MetricRegistry& registry;
  const MemoryBudget& memory;
  std::function<void()> drain;  // begins to; any thread
};

// /livez, /readyz, /metrics: what kubelet and Prometheus ask for.
AdminPages probe_pages(const ProcessView& process);
// Those and /config, /log_level, /connections, /drain.
AdminPages operator_pages(const ProcessView& process);

}  // namespace pintle

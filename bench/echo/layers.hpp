// The layers, as a process of the app has them, for the benchmark's server.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <pintle/app/log.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/server/options.hpp>
#include <pintle/telemetry/metrics/metric_registry.hpp>
#include <pintle/telemetry/tracing/tracer.hpp>

namespace pintle::bench {

class Telemetry {
 public:
  explicit Telemetry(Runtime& runtime);
  Telemetry(const Telemetry&) = delete;
  ~Telemetry();

  ServerOptions options();
  // One by its name, those of telemetry for "sight", those that guard for "gate", all for "full", none for nothing.
  std::vector<std::shared_ptr<const Layer>> layers(std::string_view wanted) const;

 private:
  const int nowhere_;  // where the log goes
  StreamLog log_;
  MetricRegistry registry_;
  std::shared_ptr<const Tracer> tracer_;
};

}  // namespace pintle::bench

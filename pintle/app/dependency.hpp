// Something that the process can't do its work without: a database, another service. Asked again and again.
#pragma once

#include <string>
#include <string_view>

#include <pintle/app/lifecycle.hpp>
#include <pintle/async/task.hpp>
#include <pintle/async/task_function.hpp>
#include <pintle/async/watched.hpp>
#include <pintle/base/clock.hpp>
#include <pintle/base/observe.hpp>
#include <pintle/base/status.hpp>

namespace pintle {

struct DependencyOptions {
  DependencyOptions() = default;
  Duration interval = std::chrono::seconds(10);  // between the end of a check and the next one
  Duration timeout = std::chrono::seconds(1);    // of one check
};

// Any thread may read the state; check() is awaited on any loop, by several at once too.
class Dependency {
 public:
  // `ping` gives OK when the dependency can be used. It is called on several loops, and lives as long as this.
  using Ping = TaskFunction<Status>;
  Dependency(std::string name, Ping ping, DependencyOptions options = {});
  Dependency(const Dependency&) = delete;

  std::string_view name() const { return name_; }
  // What the last check said; UNAVAILABLE before the first.
  const Watched<Status>& state() const { return state_; }
  // Pings now: a readiness check. DEADLINE_EXCEEDED when it takes longer than the timeout, UNKNOWN when it throws; the
  // result is the new state. The status of the scope when it is cancelled meanwhile, which says nothing of the
  // dependency.
  Task<Status> check();
  // Checks at once and then every interval, until the process drains. Logs when the dependency comes and goes.
  Task<Status> watch(const Lifecycle& lifecycle, Logger log);

 private:
  const std::string name_;
  Ping ping_;
  const DependencyOptions options_;
  Watched<Status> state_;
};

}  // namespace pintle

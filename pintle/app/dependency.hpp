// Something that the process can't do its work without: a database, another service. Asked again and again.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

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
  Duration retry = std::chrono::seconds(1);      // the same after one that failed
  Duration timeout = std::chrono::seconds(1);    // of one check; one that hangs has failed
  // In a row before the state changes: one lost packet does not take every replica out of service at once. The first
  // check of all decides by itself.
  int failures = 3, successes = 1;
  // False: it is told, and the process counts as ready without it.
  bool critical = true;
  // Full names of the services that can't work without it; empty: all of them, and the server as a whole.
  std::vector<std::string> services;
};

// Any thread may read the state; check() is awaited on any loop, by several at once too.
class Dependency {
 public:
  // `ping` gives OK when the dependency can be used. It is called on several loops, and lives as long as this.
  using Ping = TaskFunction<Status>;
  Dependency(std::string name, Ping ping, DependencyOptions options = {});
  Dependency(const Dependency&) = delete;

  std::string_view name() const { return name_; }
  const DependencyOptions& options() const { return options_; }
  // OK, or what the check said that brought it down; UNAVAILABLE before the first.
  const Watched<Status>& state() const { return state_; }
  // Pings now: a readiness check. DEADLINE_EXCEEDED when it takes longer than the timeout, UNKNOWN when it throws. The
  // state follows it when it was so often so (DependencyOptions). The status of the scope when it is cancelled
  // meanwhile, which says nothing of the dependency.
  Task<Status> check();
  // Checks at once and then every interval, until the process drains. Logs when the dependency comes and goes.
  Task<Status> watch(const Lifecycle& lifecycle, Logger log);

 private:
  void note(const Status& found);

  const std::string name_;
  Ping ping_;
  const DependencyOptions options_;
  Watched<Status> state_;
  std::mutex mutex_;
  bool asked_ = false;  // guarded by mutex_, as is
  int in_a_row_ = 0;    // checks that spoke against the state
};

}  // namespace pintle

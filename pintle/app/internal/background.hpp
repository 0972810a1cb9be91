// What runs beside the server: tasks from the start of serving on, hooks from the start of draining on.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <pintle/app/background_task.hpp>
#include <pintle/app/lifecycle.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/async/task.hpp>
#include <pintle/base/observe.hpp>

namespace pintle {

// A failure is logged with the name and touches nothing else. Any thread, but for add().
class Background {
 public:
  enum class When : std::uint8_t { serving, draining };

  Background(Runtime& runtime, const Lifecycle& lifecycle, Logger log)
      : runtime_(runtime), lifecycle_(lifecycle), log_(std::move(log)) {}
  Background(const Background&) = delete;

  // Before start().
  void add(std::string name, When when, BackgroundTask task);
  // Starts those of one time, each on the runtime's next loop.
  void start(When when);
  // The grace is over: cancels all that run, and starts nothing more.
  void cancel();
  // Blocks until nothing runs, or until `patience` after cancel(); then logs who ignored it. Not on a loop.
  void join(Duration patience);

 private:
  struct Entry {
    Entry(std::string n, When w, BackgroundTask t) : name(std::move(n)), when(w), task(std::move(t)) {}
    const std::string name;
    const When when;
    BackgroundTask task;
    Loop* loop = nullptr;
    CancelScope scope;     // its loop's thread
    bool running = false;  // guarded by mutex_
  };
  static Root run(Background& all, Entry& entry);
  void report(const Entry& entry, const Status& status) const;
  bool idle() const;  // mutex_ held

  Runtime& runtime_;
  const Lifecycle& lifecycle_;
  const Logger log_;
  std::vector<std::unique_ptr<Entry>> entries_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool cancelled_ = false;  // guarded by mutex_
};

}  // namespace pintle

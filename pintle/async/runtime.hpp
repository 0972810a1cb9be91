// The threads of a process: one event loop per CPU that it may use, and a pool of workers for what blocks.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include <pintle/async/loop.hpp>
#include <pintle/async/worker_pool.hpp>
#include <pintle/base/clock.hpp>

namespace pintle {

struct RuntimeOptions {
  RuntimeOptions() = default;
  std::size_t threads = 0;          // loops, one thread each; 0: what cpu_quota.hpp finds
  WorkerPoolOptions workers;        // for blocking()
  std::size_t compute_threads = 0;  // for messages above 256 KiB (rpc/large.hpp); 0: as many as loops
  const Clock* clock = nullptr;     // must outlive the runtime; null: the machine's monotonic clock
};

// main makes one and hands it on. Declare it before all that lives on its loops, so that it outlives them. Coroutines
// that are suspended when it stops are never resumed: drain first.
class Runtime {
 public:
  // Makes the loops; they run from start() on. Throws std::system_error when the system refuses descriptors or threads.
  explicit Runtime(RuntimeOptions options = {});
  Runtime(const Runtime&) = delete;
  // stop() and join().
  ~Runtime();

  void start();
  // Ends the loops after their current turn, and lets running workers end. Any thread, a loop's too.
  void stop();
  // Returns when all threads have ended. Not from a loop's thread.
  void join();

  // Any thread.
  std::size_t size() const noexcept { return slots_.size(); }
  Loop& loop(std::size_t i) noexcept;
  // Each loop in turn. Any thread.
  Loop& next_loop() noexcept;
  // The loop that drives the calling thread; null on all others.
  Loop* current() noexcept;
  WorkerPool& workers() noexcept { return workers_; }
  WorkerPool& compute() noexcept { return compute_; }
  const Clock& clock() const noexcept { return *clock_; }

 private:
  struct Slot;
  void drive(Slot& slot);

  SteadyClock steady_;
  const Clock* clock_;
  std::vector<std::unique_ptr<Slot>> slots_;
  WorkerPool workers_, compute_;  // after the loops: their threads post to them to the end
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> stopping_ = false;
};

}  // namespace pintle

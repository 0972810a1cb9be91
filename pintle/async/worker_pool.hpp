// A bounded pool of threads for work that blocks: disk, a database without an asynchronous interface, name resolution.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

#include <pintle/async/fair_queue.hpp>

namespace pintle {

struct WorkerPoolOptions {
  WorkerPoolOptions() = default;
  std::size_t threads = 16;          // at most; each is started when there is work and no idle one
  std::size_t max_queued = 1024;     // jobs that wait for a thread; of one more, the owner with most loses one
  int nice = 0;                      // added to the threads' nice value: how far they stand back behind the loops
  const char* name = "pintle-work";  // of the threads, 15 characters at most
};

// Any thread may call it. Handlers use it through blocking(), see blocking.hpp.
//
// Jobs are taken in turns from those for whom they are done (a server's connections), each one's in order. While 8
// results wait for one loop to take them, that loop's jobs are left alone: results may be large.
class WorkerPool {
 public:
  // A piece of work; owned by its maker, who keeps it alive until run(), dropped() or displaced() was called, or
  // remove() was true.
  class Job : public detail::FairQueue::Entry {
   public:
    virtual void run() noexcept = 0;
    // The pool was stopped before the job could start. On the thread that stops it.
    virtual void dropped() noexcept = 0;
    // The queue is full, and whoever it is done for has more waiting than others. On a submitting thread.
    virtual void displaced() noexcept = 0;

   protected:
    ~Job() = default;
  };

  explicit WorkerPool(WorkerPoolOptions options = {});
  WorkerPool(const WorkerPool&) = delete;
  // Lets jobs that run end; those that wait never start.
  ~WorkerPool();

  // False when the pool is stopped, or the queue is full and nobody has more waiting than whoever this job is for.
  bool submit(Job& job);
  // True when the job had not started: it never will.
  bool remove(Job& job);
  // The result of a job with that lane was taken. Its loop's thread.
  void claimed(const void* lane);
  // Runs the oldest waiting job on the calling thread; false when there is none. For a pool without threads, whose work
  // a test does in its own time.
  bool run_one();
  // As the destructor; later jobs are refused.
  void stop();

  std::size_t queued() const;
  std::size_t running() const;

 private:
  Job* take(detail::FairQueue::Entry* entry);  // mutex held
  void work();

  const WorkerPoolOptions options_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable wake_;
  detail::FairQueue queue_;
  std::size_t running_ = 0, idle_ = 0;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace pintle

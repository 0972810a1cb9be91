// A bounded pool of threads for work that blocks: disk, a database without an asynchronous interface, name resolution.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <thread>
#include <vector>

namespace pintle {

struct WorkerPoolOptions {
  WorkerPoolOptions() = default;
  std::size_t threads = 16;       // at most; each is started when there is work and no idle one
  std::size_t max_queued = 1024;  // jobs that wait for a thread; one more is refused
};

// Any thread may call it. Handlers use it through blocking(), see blocking.hpp.
class WorkerPool {
 public:
  // A piece of work; owned by its maker, who keeps it alive until run() or dropped() was called, or remove()
  // was true.
  class Job {
   public:
    virtual void run() noexcept = 0;
    // The pool was stopped before the job could start. On the thread that stops it.
    virtual void dropped() noexcept = 0;

   protected:
    ~Job() = default;

   private:
    friend class WorkerPool;
    Job* next_ = nullptr;
    Job** before_ = nullptr;
  };

  explicit WorkerPool(WorkerPoolOptions options = {});
  WorkerPool(const WorkerPool&) = delete;
  // Lets jobs that run end; those that wait never start.
  ~WorkerPool();

  // False when the queue is full or the pool is stopped.
  bool submit(Job& job);
  // True when the job had not started: it never will.
  bool remove(Job& job);
  // Runs the oldest waiting job on the calling thread; false when there is none. For a pool without threads, whose work
  // a test does in its own time.
  bool run_one();
  // As the destructor; later jobs are refused.
  void stop();

  std::size_t queued() const;
  std::size_t running() const;

 private:
  Job* take();  // mutex held
  void work();

  const WorkerPoolOptions options_;
  mutable std::mutex mutex_;  // guards all below
  std::condition_variable wake_;
  Job* head_ = nullptr;
  Job** tail_ = &head_;
  std::size_t queued_ = 0, running_ = 0, idle_ = 0;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace pintle

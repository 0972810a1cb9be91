#include <pintle/async/worker_pool.hpp>

#include <system_error>
#include <utility>

#include <pthread.h>

namespace pintle {

WorkerPool::WorkerPool(WorkerPoolOptions options) : options_(options) {}

WorkerPool::~WorkerPool() { stop(); }

bool WorkerPool::submit(Job& job) {
  std::unique_lock lock(mutex_);
  if (stopped_ || queued_ >= options_.max_queued) return false;
  // A thread that was notified but has not woken still counts as idle, so waiting jobs are compared with idle threads.
  if (queued_ >= idle_ && threads_.size() < options_.threads) {
    try {
      threads_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      if (threads_.empty()) return false;  // no thread could be started; with some, the job waits for them
    }
  }
  job.next_ = nullptr;
  job.before_ = tail_;
  *tail_ = &job;
  tail_ = &job.next_;
  ++queued_;
  lock.unlock();
  wake_.notify_one();
  return true;
}

bool WorkerPool::remove(Job& job) {
  std::lock_guard lock(mutex_);
  if (job.before_ == nullptr) return false;
  *job.before_ = job.next_;
  if (job.next_ != nullptr)
    job.next_->before_ = job.before_;
  else
    tail_ = job.before_;
  job.before_ = nullptr;
  --queued_;
  return true;
}

WorkerPool::Job* WorkerPool::take() {
  Job* job = head_;
  if (job == nullptr) return nullptr;
  head_ = job->next_;
  if (head_ != nullptr)
    head_->before_ = &head_;
  else
    tail_ = &head_;
  job->before_ = nullptr;
  --queued_;
  ++running_;
  return job;
}

bool WorkerPool::run_one() {
  std::unique_lock lock(mutex_);
  Job* job = take();
  if (job == nullptr) return false;
  lock.unlock();
  job->run();
  lock.lock();
  --running_;
  return true;
}

void WorkerPool::work() {
  ::pthread_setname_np(::pthread_self(), "pintle-work");
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stopped_) return;
    if (Job* job = take()) {
      lock.unlock();
      job->run();
      lock.lock();
      --running_;
    } else {
      ++idle_;
      wake_.wait(lock);
      --idle_;
    }
  }
}

void WorkerPool::stop() {
  std::vector<std::thread> threads;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    threads.swap(threads_);
  }
  wake_.notify_all();
  for (std::thread& t : threads) t.join();
  for (;;) {
    Job* job;
    {
      std::lock_guard lock(mutex_);
      job = take();
      if (job == nullptr) return;
      --running_;
    }
    job->dropped();
  }
}

std::size_t WorkerPool::queued() const {
  std::lock_guard lock(mutex_);
  return queued_;
}

std::size_t WorkerPool::running() const {
  std::lock_guard lock(mutex_);
  return running_;
}

}  // namespace pintle

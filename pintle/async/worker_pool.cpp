#include <pintle/async/worker_pool.hpp>

#include <exception>
#include <utility>

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

namespace pintle {

WorkerPool::WorkerPool(WorkerPoolOptions options) : options_(options) {}

WorkerPool::~WorkerPool() { stop(); }

bool WorkerPool::submit(Job& job) {
  std::unique_lock lock(mutex_);
  if (stopped_) return false;
  detail::FairQueue::Entry* displaced = nullptr;
  if (queue_.size() >= options_.max_queued) {
    displaced = queue_.displace_for(job);
    if (displaced == nullptr) return false;
  }
  bool queued = false;
  try {
    queue_.push(job);
    queued = true;
    // A thread that was notified but has not woken still counts as idle, so waiting jobs are compared with idle
    // threads.
    if (queue_.size() > idle_ && threads_.size() < options_.threads) threads_.emplace_back([this] { work(); });
  } catch (const std::exception&) {  // no room for the job, or no thread: with some, it waits for them
    if (threads_.empty() && queue_.erase(job)) queued = false;
  }
  lock.unlock();
  if (queued) wake_.notify_one();
  if (displaced != nullptr) static_cast<Job*>(displaced)->displaced();
  return queued;
}

bool WorkerPool::remove(Job& job) {
  std::lock_guard lock(mutex_);
  return queue_.erase(job);
}

void WorkerPool::claimed(const void* lane) {
  std::unique_lock lock(mutex_);
  const bool more = queue_.claim(lane) && queue_.size() != 0;
  lock.unlock();
  if (more) wake_.notify_one();
}

WorkerPool::Job* WorkerPool::take(detail::FairQueue::Entry* entry) {
  if (entry != nullptr) ++running_;
  return static_cast<Job*>(entry);
}

bool WorkerPool::run_one() {
  std::unique_lock lock(mutex_);
  Job* job = take(queue_.pop());
  if (job == nullptr) return false;
  lock.unlock();
  job->run();
  lock.lock();
  --running_;
  return true;
}

void WorkerPool::work() {
  ::pthread_setname_np(::pthread_self(), options_.name);
  // On Linux a nice value is a thread's own. Where it is refused the thread works as the others do.
  if (options_.nice != 0) {
    const auto self = static_cast<id_t>(::gettid());
    ::setpriority(PRIO_PROCESS, self, ::getpriority(PRIO_PROCESS, self) + options_.nice);
  }
  std::unique_lock lock(mutex_);
  for (;;) {
    if (stopped_) return;
    if (Job* job = take(queue_.pop())) {
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
      job = take(queue_.pop_any());
      if (job == nullptr) return;
      --running_;
    }
    job->dropped();
  }
}

std::size_t WorkerPool::queued() const {
  std::lock_guard lock(mutex_);
  return queue_.size();
}

std::size_t WorkerPool::running() const {
  std::lock_guard lock(mutex_);
  return running_;
}

}  // namespace pintle

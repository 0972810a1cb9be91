#include <pintle/async/blocking.hpp>

#include <utility>

#include <pintle/async/loop.hpp>

namespace pintle::detail {

bool BlockingJob::submit(Loop& loop, WorkerPool& pool, Waiter& waiter, const void* whom) {
  lane = &loop;
  this->whom = whom;
  loop_ = &loop;
  pool_ = &pool;
  waiter_ = &waiter;
  self_ = shared_from_this();  // before a worker can see it
  if (pool.submit(*this)) return true;
  self_.reset();
  return false;
}

bool BlockingJob::withdraw() noexcept {
  if (!pool_->remove(*this)) return false;
  self_.reset();  // the awaiter holds another
  return true;
}

void BlockingJob::run() noexcept {
  try {
    work();
  } catch (...) {
    exception_ = std::current_exception();
  }
  ran_ = true;
  finish();
}

void BlockingJob::finish() noexcept {
  over_.store(true, std::memory_order_release);
  over_.notify_all();
  loop_->post([self = std::move(self_)] {
    self->arrived_ = true;
    if (self->waiter_ == nullptr) return self->claim();
    std::exchange(self->waiter_, nullptr)->wake();
  });
}

Status workers_missing() { return Status(Code::failed_precondition, "this loop has no workers", Origin::library); }

Status workers_busy() {
  return Status(Code::resource_exhausted, "too much blocking work waits for a worker thread", Origin::library);
}

Status workers_stopped() {
  return Status(Code::cancelled, "the workers stopped before the work was started", Origin::library);
}

}  // namespace pintle::detail

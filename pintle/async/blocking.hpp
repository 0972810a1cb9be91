// `co_await pintle::blocking(fn, args...)`: work that blocks, done by a worker thread, awaited on the loop.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

#include <pintle/async/task.hpp>
#include <pintle/async/worker_pool.hpp>
#include <pintle/base/status.hpp>

namespace pintle {
namespace detail {

// What blocking() gives for what `fn` returns: errors of the pool and of the work in one.
template <class R>
struct BlockingResult {
  using type = Result<R>;
};
template <>
struct BlockingResult<void> {
  using type = Status;
};
template <>
struct BlockingResult<Status> {
  using type = Status;
};
template <class T>
struct BlockingResult<std::expected<T, Status>> {
  using type = Result<T>;
};

// The job's side that does not depend on the work: shared by the awaiter, which may die first, and the pool.
class BlockingJob : public WorkerPool::Job, public std::enable_shared_from_this<BlockingJob> {
 public:
  virtual ~BlockingJob() = default;
  // `whom`: for whom the work is done.
  bool submit(Loop& loop, WorkerPool& pool, Waiter& waiter, const void* whom);
  // Loop's thread. True when the job never starts.
  bool withdraw() noexcept;
  // Blocks until no other thread works on it, after a withdraw() that came too late.
  void await_end() const noexcept { over_.wait(false, std::memory_order_acquire); }
  // Loop's thread: nobody waits for the result any more.
  void forget_waiter() noexcept {
    waiter_ = nullptr;
    if (arrived_) claim();
  }

 protected:
  virtual void work() = 0;
  // The result was taken, or will never be: the pool may have the next one made for this loop.
  void claim() noexcept {
    if (ran_) pool_->claimed(lane);
  }
  std::exception_ptr exception_;
  std::atomic<bool> over_ = false;
  bool ran_ = false, displaced_ = false, arrived_ = false;

 private:
  void run() noexcept override;
  void dropped() noexcept override { finish(); }
  void displaced() noexcept override {
    displaced_ = true;
    finish();
  }
  void finish() noexcept;

  Loop* loop_ = nullptr;
  WorkerPool* pool_ = nullptr;
  Waiter* waiter_ = nullptr;           // loop's thread only
  std::shared_ptr<BlockingJob> self_;  // while the pool has it
};

Status workers_missing();
Status workers_busy();
Status workers_stopped();

template <class F, class... Args>
class BlockingWork final : public BlockingJob {
 public:
  using Raw = std::invoke_result_t<F, Args...>;
  using Value = typename BlockingResult<Raw>::type;

  template <class G, class... Given>
  explicit BlockingWork(G&& fn, Given&&... args) : fn_(std::forward<G>(fn)), args_(std::forward<Given>(args)...) {}

  // Loop's thread, once the job is over.
  Value take() {
    claim();
    if (exception_) std::rethrow_exception(exception_);
    if (!ran_) return failed(displaced_ ? workers_busy() : workers_stopped());
    return std::move(*value_);
  }
  static Value failed(Status status) {
    if constexpr (std::is_same_v<Value, Status>)
      return status;
    else
      return std::unexpected(std::move(status));
  }

 private:
  void work() override {
    if constexpr (std::is_void_v<Raw>) {
      std::apply(std::move(fn_), std::move(args_));
      value_.emplace();
    } else {
      value_.emplace(std::apply(std::move(fn_), std::move(args_)));
    }
  }
  F fn_;
  std::tuple<Args...> args_;
  std::optional<Value> value_;
};

template <class Work>
class [[nodiscard("co_await it: the work is not begun before")]] Blocking : CoWaiter {
 public:
  using Value = typename Work::Value;
  explicit Blocking(std::shared_ptr<Work> work) : work_(std::move(work)) { cancel_.owner = this; }
  ~Blocking() {
    if (!waiting_ || work_->withdraw()) return;
    work_->forget_waiter();
  }

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) {
    const Env& env = h.promise().env;
    if (env.scope != nullptr && env.scope->cancelled()) return refuse(env.scope->status());
    WorkerPool* pool = env.loop->workers();
    if (pool == nullptr) return refuse(workers_missing());
    suspend(h, nullptr);
    if (!work_->submit(*env.loop, *pool, *this, env.scope != nullptr ? env.scope->acts_for() : nullptr))
      return refuse(workers_busy());
    waiting_ = true;
    scope_ = env.scope;
    if (scope_ != nullptr) scope_->add(cancel_);
    return true;
  }
  Value await_resume() {
    waiting_ = false;
    cancel_.unlink();
    if (!refused_.ok()) return Work::failed(std::move(refused_));
    return work_->take();
  }

 private:
  struct Cancel : CancelNode {
    Cancel() : CancelNode([](CancelNode* n) noexcept { static_cast<Cancel*>(n)->owner->cancel(); }) {}
    Blocking* owner = nullptr;
  };
  bool refuse(Status status) {
    refused_ = std::move(status);
    return false;
  }
  void cancel() noexcept {
    if (!work_->withdraw()) return;  // it runs, or is done: awaited to its end
    refused_ = scope_->status();
    post();
  }

  std::shared_ptr<Work> work_;
  CancelScope* scope_ = nullptr;
  Cancel cancel_;
  Status refused_;
  bool waiting_ = false;
};

}  // namespace detail

// Runs fn(args...) on a worker thread of the loop's pool and resumes on the loop with what it returned: R becomes
// Result<R>, void becomes Status, a Status or a Result stays as it is. An exception that leaves fn is thrown here.
//
// fn and args are moved (lvalues copied) into storage that lives as long as the work, also when the awaiting coroutine
// is destroyed meanwhile; pass std::ref only to what outlives the runtime's workers. Those for whom work is done
// (CancelScope::acts_for(): a server's connections) take turns. RESOURCE_EXHAUSTED when the pool's queue is full,
// unless somebody has more waiting there, who then loses the newest of it; the scope's status when it is cancelled
// before a worker took the work. Work that has started can't be cancelled and is awaited to its end.
// FAILED_PRECONDITION on a loop without workers.
//
// Prefer a function and arguments to a lambda with captures: a capturing lambda inside a co_await expression is what
// g++ before 13 destroys twice.
template <class F, class... Args>
auto blocking(F&& fn, Args&&... args) {
  using Work = detail::BlockingWork<std::decay_t<F>, std::decay_t<Args>...>;
  return detail::Blocking<Work>(std::make_shared<Work>(std::forward<F>(fn), std::forward<Args>(args)...));
}

}  // namespace pintle

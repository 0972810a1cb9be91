// Children that run side by side and are joined before their parent goes on: no task outlives its nursery.
#pragma once

#include <exception>
#include <type_traits>
#include <utility>

#include <pintle/async/task.hpp>

namespace pintle {

// Owned by a coroutine, which must co_await join() before the nursery is destroyed. Loop's thread only.
class Nursery {
 public:
  Nursery() = default;
  Nursery(const Nursery&) = delete;

  // Starts `task` in `env` (take the parent's from current_env(), with a scope of its own where it is to be cancelled
  // apart). Its result goes to `out` when that is not null; an exception is thrown again by join().
  template <class T>
  void spawn(Env env, Task<T> task, T* out = nullptr) {
    ++running_;
    run(this, std::move(task), out).start(env);
  }

  class [[nodiscard("co_await it: it waits for nobody before")]] Join : CoWaiter {
   public:
    explicit Join(Nursery& n) : nursery_(n) {}
    bool await_ready() const noexcept { return nursery_.running_ == 0; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) noexcept {
      suspend(h, nullptr);
      nursery_.joiner_ = this;
    }
    void await_resume() {
      nursery_.joiner_ = nullptr;
      if (nursery_.exception_) std::rethrow_exception(std::exchange(nursery_.exception_, nullptr));
    }

   private:
    friend class Nursery;
    Nursery& nursery_;
  };
  // Waits for all of them; cancelling does not cut it short: cancel the children's scopes, then join.
  Join join() { return Join(*this); }
  int running() const { return running_; }

 private:
  template <class T>
  static Root run(Nursery* n, Task<T> task, T* out) {
    try {
      if constexpr (std::is_void_v<T>)
        co_await task;
      else if (out != nullptr)
        *out = co_await task;
      else
        (void)co_await task;
    } catch (...) {
      if (!n->exception_) n->exception_ = std::current_exception();
    }
    if (--n->running_ == 0 && n->joiner_ != nullptr) n->joiner_->wake();
  }
  int running_ = 0;
  Join* joiner_ = nullptr;
  std::exception_ptr exception_;
};

}  // namespace pintle

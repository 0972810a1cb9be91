// Task<T>: a lazy coroutine that runs on one loop and hands its environment (loop, cancel scope, call) to its children.
#pragma once

#include <coroutine>
#include <exception>
#include <expected>
#include <optional>
#include <type_traits>
#include <utility>

#include <pintle/async/cancel.hpp>
#include <pintle/async/frames.hpp>
#include <pintle/async/loop.hpp>
#include <pintle/async/waiter.hpp>
#include <pintle/base/status.hpp>

namespace pintle {

class Call;

// Where a coroutine runs and on whose behalf. co_await copies it from parent to child, so deadline, trace and
// cancellation reach outgoing calls without user code.
struct Env {
  Loop* loop = nullptr;
  CancelScope* scope = nullptr;
  Call* call = nullptr;
};

namespace detail {

struct PromiseBase {
  Env env;
  std::coroutine_handle<> continuation;
  std::exception_ptr exception;

  static void* operator new(std::size_t size) { return Frames::allocate(size); }
  static void operator delete(void* frame, std::size_t size) { Frames::release(frame, size); }

  struct Final {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) noexcept {
      return done.promise().continuation;
    }
    void await_resume() noexcept {}
  };
  std::suspend_always initial_suspend() noexcept { return {}; }
  Final final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { exception = std::current_exception(); }
};

// What a body returns that has made its result in the promise already.
struct InSlot {};

// For tasks that end with a status: what becomes of an exception, when somebody has said so.
template <class T>
struct Recovery {};
template <>
struct Recovery<Status> {
  Status (*recover)(const Env& env, const std::exception_ptr& exception) noexcept = nullptr;
};

template <class T>
constexpr bool kIsResult = false;
template <class T>
constexpr bool kIsResult<std::expected<T, Status>> = true;

// The error that a body returned where a Result was promised. OK is none: the body forgot the value.
inline Status error_to_return(Status status) {
  if (!status.ok()) [[likely]]
    return status;
  return Status(Code::internal, "a task that promises a value returned an OK status instead", Origin::library);
}

template <class T>
struct TaskPromise : PromiseBase, Recovery<T> {
  std::optional<T> value;
  void return_value(InSlot) noexcept {}
  template <class U = T>
    requires std::is_constructible_v<T, U&&>
  void return_value(U&& u) {
    value.emplace(std::forward<U>(u));
  }
  void return_value(Status status)
    requires(kIsResult<T> && !std::is_constructible_v<T, Status>)
  {
    value.emplace(std::unexpect, error_to_return(std::move(status)));
  }
  T take() {
    if (exception) [[unlikely]] {
      if constexpr (std::is_same_v<T, Status>)
        if (this->recover != nullptr) return this->recover(env, exception);
      std::rethrow_exception(exception);
    }
    return std::move(*value);
  }
};

template <>
struct TaskPromise<void> : PromiseBase {
  void return_void() noexcept {}
  void take() {
    if (exception) std::rethrow_exception(exception);
  }
};

}  // namespace detail

// Starts when it is awaited, resumes its awaiter when it is done, by symmetric transfer. An exception that leaves the
// body is thrown again where the task is awaited. Await it at once or keep it in a variable: it holds references to the
// arguments that were passed by reference, and clang warns where they are temporaries. Destroying a task that has not
// finished destroys its frame with all that it waits for.
//
// In a Task<Result<T>>, `co_return status;` returns an error; an OK status, which has no value to give, becomes
// INTERNAL.
template <class T = void>
class [[nodiscard("co_await it: a task does nothing before"), clang::coro_return_type,
        clang::coro_lifetimebound]] Task {
 public:
  struct promise_type : detail::TaskPromise<T> {
    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
  };

  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> parent) noexcept {
    auto& promise = handle_.promise();
    promise.env = parent.promise().env;
    promise.continuation = parent;
    return handle_;
  }
  T await_resume() { return handle_.promise().take(); }

  // `co_await std::move(task).in(env)`: runs it in another environment than its parent's.
  class [[nodiscard("co_await it: a task does nothing before")]] InEnv {
   public:
    InEnv(Task&& task, Env env) : task_(std::move(task)), env_(env) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> parent) noexcept {
      auto& promise = task_.handle_.promise();
      promise.env = env_;
      promise.continuation = parent;
      return task_.handle_;
    }
    T await_resume() { return task_.handle_.promise().take(); }

   private:
    Task task_;
    Env env_;
  };
  InEnv in(Env env) && { return InEnv(std::move(*this), env); }

  // An exception that leaves the body is given to `recover`, in the task's environment, and what that returns is the
  // result: the awaiter meets no exception. REQUIRES: not awaited yet.
  void recover_with(Status (*recover)(const Env& env, const std::exception_ptr& exception) noexcept)
    requires std::is_same_v<T, Status>
  {
    handle_.promise().recover = recover;
  }

  // A task that does nothing and must not be awaited: how an optional virtual says that it was not overridden.
  [[clang::coro_wrapper]] static Task none() { return Task({}); }
  // False: it is none(). Not a conversion to bool, which would read like the result of a task that nobody awaited.
  bool exists() const noexcept { return static_cast<bool>(handle_); }

 private:
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

// `Env env = co_await current_env();`
struct [[nodiscard("co_await it")]] CurrentEnv {
  Env env;
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
    env = h.promise().env;
    return false;
  }
  Env await_resume() const noexcept { return env; }
};
inline CurrentEnv current_env() { return {}; }

namespace detail {

// Inside a Task<T>'s body: the place of its result, for results that are dear to move. Emplace it, `co_return
// InSlot()`, and the environment beside it. `auto [env, result] = co_await result_slot<T>();`
template <class T>
class ResultSlot {
 public:
  struct Place {
    const Env& env;
    std::optional<T>& result;
  };
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
    env_ = &h.promise().env;
    slot_ = &h.promise().value;
    return false;
  }
  Place await_resume() const noexcept { return {*env_, *slot_}; }

 private:
  const Env* env_ = nullptr;
  std::optional<T>* slot_ = nullptr;
};
template <class T>
ResultSlot<T> result_slot() {
  return {};
}

}  // namespace detail

// The start of a tree of tasks: nobody awaits it, its frame frees itself at the end. Its body must not throw.
struct Root {
  struct promise_type {
    Env env;
    static void* operator new(std::size_t size) { return detail::Frames::allocate(size); }
    static void operator delete(void* frame, std::size_t size) { detail::Frames::release(frame, size); }
    Root get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
  // Runs it on the calling thread, which must be env.loop's, until it first suspends.
  void start(Env env) {
    handle.promise().env = env;
    handle.resume();
  }
  std::coroutine_handle<promise_type> handle;
};

// The base of everything that a coroutine waits for: woken by wake() or by the cancelling of its scope, and then
// resumed from the ready queue. An awaiter derives from it, calls suspend() and, in await_resume(), done().
class CoWaiter : public Waiter, public CancelNode {
 public:
  CoWaiter()
      : Waiter{[](Waiter* w) noexcept { static_cast<CoWaiter*>(w)->post(); }},
        CancelNode([](CancelNode* n) noexcept { static_cast<CoWaiter*>(n)->post(); }) {}

 protected:
  // Parks the coroutine. `scope` may be null: then nothing but wake() wakes it.
  template <class Promise>
  void suspend(std::coroutine_handle<Promise> h, CancelScope* scope) noexcept {
    loop_ = h.promise().env.loop;
    ready_.handle = h;
    ready_.call = h.promise().env.call;
    if (scope != nullptr) scope->add(*this);
  }
  void done() noexcept { unlink(); }
  void post() noexcept { loop_->enqueue(ready_); }

 private:
  Loop* loop_ = nullptr;
  Ready ready_;
};

// Goes on in the loop's next turn, after its other coroutines and its sockets. `co_await yield();`
class [[nodiscard("co_await it")]] Yield : CoWaiter {
 public:
  Yield() { end_.owner = this; }
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> h) noexcept {
    suspend(h, nullptr);
    h.promise().env.loop->at_turn_end(end_);
  }
  void await_resume() noexcept {}

 private:
  struct End : TurnEnd {
    End() : TurnEnd([](TurnEnd* e) noexcept { static_cast<End*>(e)->owner->post(); }) {}
    Yield* owner = nullptr;
  };
  End end_;
};
inline Yield yield() { return {}; }

// Waits until `at`, or for a duration from the loop's now. OK, or the scope's status when it was cancelled first.
class [[nodiscard("co_await it: it waits for nothing before")]] Sleep : CoWaiter {
 public:
  explicit Sleep(TimePoint at) : at_(at) {}
  explicit Sleep(Duration d) : after_(d) {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) {
    const Env& env = h.promise().env;
    scope_ = env.scope;
    if (scope_ != nullptr && scope_->cancelled()) return false;
    suspend(h, scope_);
    timer_.owner = this;
    env.loop->arm(timer_, after_ ? env.loop->now() + *after_ : at_);
    return true;
  }
  Status await_resume() noexcept {
    timer_.disarm();
    done();
    return scope_ != nullptr ? scope_->status() : Status();
  }

 private:
  struct Alarm : Timer {
    Alarm() : Timer([](Timer* t) noexcept { static_cast<Alarm*>(t)->owner->post(); }) {}
    Sleep* owner = nullptr;
  };
  TimePoint at_;
  std::optional<Duration> after_;
  CancelScope* scope_ = nullptr;
  Alarm timer_;
};
inline Sleep sleep_for(Duration d) { return Sleep(d); }
inline Sleep sleep_until(TimePoint at) { return Sleep(at); }

}  // namespace pintle

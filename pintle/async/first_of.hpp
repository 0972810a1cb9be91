// `co_await first_of(a, b)`: waits for two or three things at once; the first result wins, the others are ended.
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <pintle/async/nursery.hpp>
#include <pintle/async/task.hpp>

namespace pintle {
namespace detail {

// The third of two.
struct Never {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<>) const noexcept {}
  void await_resume() const noexcept {}
};

// What gives a variant's place for it: void has none, references are copied.
template <class A>
using Outcome = std::conditional_t<std::is_void_v<decltype(std::declval<A&>().await_resume())>, std::monostate,
                                   std::remove_cvref_t<decltype(std::declval<A&>().await_resume())>>;

template <class A, class B, class C>
struct FirstOutcome {
  using type = std::variant<Outcome<A>, Outcome<B>, Outcome<C>>;
};
template <class A, class B>
struct FirstOutcome<A, B, Never> {
  using type = std::variant<Outcome<A>, Outcome<B>>;
};

// A task may have children to join and things to put in order, so it is cancelled and awaited. All else only waits: it
// is not asked for its result, so that a message or a permit stays where it is.
template <class A>
constexpr bool kToBeAwaited = false;
template <class T>
constexpr bool kToBeAwaited<Task<T>> = true;

// Who waits for the first; told by each branch that ends.
class Race : public CoWaiter {
 public:
  bool decided() const noexcept { return winner_.has_value(); }

 protected:
  Race() = default;
  // True: `branch` is the first.
  bool ended(std::size_t branch, bool awaited) noexcept {
    if (awaited) --awaited_;
    const bool first = !winner_;
    if (first) {
      winner_ = branch;
      losers_.cancel(Status(Code::cancelled, "another result came first", Origin::library), CancelCause::superseded);
    }
    if (awaited_ == 0 && suspended_) post();
    return first;
  }
  std::exception_ptr exception_;
  std::optional<std::size_t> winner_;
  CancelScope losers_;
  int awaited_ = 0;  // tasks that were started and have not ended
  bool suspended_ = false;
};

// One of the awaits: a coroutine of its own, which is never resumed when it is destroyed.
class Branch {
 public:
  struct promise_type {
    Env env;
    static void* operator new(std::size_t size) { return Frames::allocate(size); }
    static void operator delete(void* frame, std::size_t size) { Frames::release(frame, size); }
    Branch get_return_object() { return Branch(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  };
  Branch() = default;
  Branch(Branch&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Branch& operator=(Branch&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Branch() {
    if (handle_) handle_.destroy();
  }
  void start(Env env) {
    handle_.promise().env = env;
    handle_.resume();
  }

 private:
  explicit Branch(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  std::coroutine_handle<promise_type> handle_;
};

// Awaits `of` and leaves its result there. Gives whether that is still wanted.
template <class A>
struct Unasked {
  A& of;
  const Race& race;
  bool await_ready() { return of.await_ready(); }
  template <class Promise>
  auto await_suspend(std::coroutine_handle<Promise> h) {
    return of.await_suspend(h);
  }
  bool await_resume() const noexcept { return !race.decided(); }
};

template <class A, class B, class C>
class AwaitFirst : public Race {
 public:
  using Value = typename FirstOutcome<A, B, C>::type;
  AwaitFirst(A& a, B& b, C& c) : a_(a), b_(b), c_(c) {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) {
    suspend(h, nullptr);
    env_ = h.promise().env;
    losers_.reset(env_.scope);
    start<0>(a_, branches_[0]);
    start<1>(b_, branches_[1]);
    if constexpr (!std::is_same_v<C, Never>) start<2>(c_, branches_[2]);
    return suspended_ = !winner_ || awaited_ != 0;
  }
  Value await_resume() {
    if (exception_) std::rethrow_exception(exception_);
    return std::move(*value_);
  }

 private:
  template <std::size_t I, class X>
  void start(X& awaitable, Branch& branch) {
    if (winner_) return;  // it came at once: nothing more is begun
    Env env = env_;
    if constexpr (kToBeAwaited<X>) {
      env.scope = &losers_;
      ++awaited_;
    }
    branch = run<I>(this, awaitable);
    branch.start(env);
  }
  template <std::size_t I, class X>
  static Branch run(AwaitFirst* race, X& awaitable) {
    std::optional<Outcome<X>> result;
    std::exception_ptr exception;
    try {
      if constexpr (kToBeAwaited<X>) {
        if constexpr (std::is_void_v<decltype(awaitable.await_resume())>) {
          co_await awaitable;
          result.emplace();
        } else {
          result.emplace(co_await awaitable);
        }
      } else {
        if (!co_await Unasked<X>{awaitable, *race}) co_return;
        if constexpr (std::is_void_v<decltype(awaitable.await_resume())>) {
          awaitable.await_resume();
          result.emplace();
        } else {
          result.emplace(awaitable.await_resume());
        }
      }
    } catch (...) {
      exception = std::current_exception();
    }
    if (!race->ended(I, kToBeAwaited<X>)) co_return;
    race->exception_ = std::move(exception);
    if (result) race->value_.emplace(std::in_place_index<I>, std::move(*result));
  }

  A& a_;
  B& b_;
  C& c_;
  Env env_;
  std::optional<Value> value_;
  Branch branches_[3];
};

}  // namespace detail

// `auto first = co_await first_of(call.read(), call.drained(), sleep_for(30s)); if (first.index() == 0) ...`: a
// std::variant with the result of the one that ended first, at its place; void is std::monostate. An exception counts
// as a result and is thrown here. What is ready at once keeps those behind it from being begun.
//
// Of the others nothing is left when the await is over. An awaiter (a read, a lock, a sleep) is dropped without being
// asked for a result, so that what came for it stays where it is. A Task is cancelled through its scope and awaited,
// its result is dropped: so give it nothing to take that would be missed, and nothing to wait for that heeds another
// scope only, as the reads of a stream do (pass the read itself). The scope of the awaiting coroutine is above theirs.
//
// Await it in the expression that makes it. No function but an aggregate, because awaiters can't be moved and must be
// made in place.
template <class A, class B, class C = detail::Never>
struct [[nodiscard("co_await it: nothing is begun before")]] first_of {  // NOLINT(readability-identifier-naming)
  A a;
  B b;
  C c = {};

  auto operator co_await() && { return detail::AwaitFirst<A, B, C>(a, b, c); }
};
template <class A, class B>
first_of(A, B) -> first_of<A, B>;
template <class A, class B, class C>
first_of(A, B, C) -> first_of<A, B, C>;

// What first_of_all gives: the result, and whose it is.
template <class T>
struct First {
  std::size_t index;
  T value;
};

// The same for any number of tasks of one kind, all of which are begun. REQUIRES: there is one.
template <class T>
Task<First<T>> first_of_all(std::vector<Task<T>> tasks) {
  Env env = co_await current_env();
  CancelScope scope(env.scope);
  env.scope = &scope;
  std::optional<First<T>> first;
  std::exception_ptr failed;
  Nursery nursery;
  const auto one = [](Task<T> task, std::size_t i, CancelScope& all, std::optional<First<T>>& result,
                      std::exception_ptr& failure) -> Task<void> {
    std::optional<T> value;
    std::exception_ptr exception;
    try {
      value.emplace(co_await task);
    } catch (...) {
      exception = std::current_exception();
    }
    if (result || failure) co_return;
    failure = exception;
    if (value) result.emplace(i, std::move(*value));
    all.cancel(Status(Code::cancelled, "another result came first", Origin::library), CancelCause::superseded);
  };
  for (std::size_t i = 0; i < tasks.size(); ++i) nursery.spawn(env, one(std::move(tasks[i]), i, scope, first, failed));
  co_await nursery.join();
  if (failed) std::rethrow_exception(failed);
  co_return std::move(*first);
}

}  // namespace pintle

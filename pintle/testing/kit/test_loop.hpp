// Loops that a test turns itself, on its own thread and in its own time: nothing sleeps, everything repeats.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include <pintle/async/cancel.hpp>
#include <pintle/async/loop.hpp>
#include <pintle/async/task.hpp>
#include <pintle/async/worker_pool.hpp>
#include <pintle/testing/kit/fake_clock.hpp>

namespace pintle::testing {

// A task that a test has started: its result when it is done.
template <class T>
class Running {
 public:
  bool done() const { return state_->done; }
  // REQUIRES: done(). The result (once), or the exception that left the task.
  T get() {
    if (!state_->done) throw std::logic_error("the task is not done");
    if (state_->exception) std::rethrow_exception(state_->exception);
    if constexpr (!std::is_void_v<T>) return std::move(*state_->value);
  }
  // Cancels the scope in which the task runs.
  void cancel(Status status = Status(Code::cancelled, "the test cancelled it")) {
    if (!state_->done) state_->scope.cancel(std::move(status));
  }

 private:
  friend class TestLoop;
  struct State {
    explicit State(CancelScope* parent) : scope(parent) {}
    CancelScope scope;
    bool done = false;
    std::exception_ptr exception;
    std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> value;
  };
  explicit Running(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

// One loop, or several that share a clock and take turns. blocking() works, and so do messages above 256 KiB: the jobs
// of both run between the turns.
class TestLoop {
 public:
  explicit TestLoop(std::size_t loops = 1) : workers_(no_threads()), compute_(no_threads()) {
    for (std::size_t i = 0; i < loops; ++i) {
      loops_.push_back(std::make_unique<Loop>(clock_, i));
      loops_.back()->own();
      loops_.back()->set_workers(&workers_);
      loops_.back()->set_compute(&compute_);
    }
  }
  TestLoop(const TestLoop&) = delete;

  Loop& loop(std::size_t i = 0) { return *loops_[i]; }
  operator Loop&() { return loop(); }
  FakeClock& clock() { return clock_; }
  TimePoint now() const { return clock_.now(); }
  WorkerPool& workers() { return workers_; }
  WorkerPool& compute() { return compute_; }

  // Turns every loop until none has anything left to do at this time. Throws when there is no end to it.
  void run_until_idle() {
    for (int turns = 0; turn_each(); ++turns) {
      if (turns > 1'000'000) throw std::logic_error("the loops never become idle");
    }
  }

  // One turn of each loop, and one job of each pool: for tests that stop in the middle. True when something is left.
  bool turn_once() { return turn_each(); }

  // Lets `d` pass: each timer on the way fires at its own time.
  void advance(Duration d) {
    const TimePoint end = clock_.now() + d;
    run_until_idle();
    for (auto at = next_timer(); at && *at <= end; at = next_timer()) {
      clock_.advance_to(*at);
      run_until_idle();
    }
    clock_.advance_to(end);
    run_until_idle();
  }

  // Starts `task` on a loop, in a scope of its own below `parent`, and turns the loops until they are idle.
  template <class T>
  Running<T> start(Task<T> task, std::size_t loop = 0, CancelScope* parent = nullptr) {
    auto state = std::make_shared<typename Running<T>::State>(parent);
    loops_[loop]->begin_turn();
    drive(std::move(task), state).start(Env{loops_[loop].get(), &state->scope, nullptr});
    run_until_idle();
    return Running<T>(state);
  }

  // Runs `task` to its end, moving the clock from timer to timer. Throws when it waits for something that never comes.
  template <class T>
  T run(Task<T> task, std::size_t loop = 0) {
    Running<T> running = start(std::move(task), loop);
    while (!running.done()) {
      const auto at = next_timer();
      if (!at) throw std::logic_error("the task waits for something that never comes");
      clock_.advance_to(*at);
      run_until_idle();
    }
    return running.get();
  }

  std::optional<TimePoint> next_timer() const {
    std::optional<TimePoint> first;
    for (const auto& l : loops_) {
      const auto at = l->next_timer();
      if (at && (!first || *at < *first)) first = at;
    }
    return first;
  }

 private:
  template <class T>
  static Root drive(Task<T> task, std::shared_ptr<typename Running<T>::State> state) {
    try {
      if constexpr (std::is_void_v<T>)
        co_await task;
      else
        state->value.emplace(co_await task);
    } catch (...) {
      state->exception = std::current_exception();
    }
    state->done = true;
  }
  static WorkerPoolOptions no_threads() {
    WorkerPoolOptions o;
    o.threads = 0;
    return o;
  }
  bool turn_each() {
    bool more = false;
    for (auto& l : loops_) {
      l->begin_turn();
      more |= l->run_turn();
    }
    if (workers_.run_one() || compute_.run_one()) more = true;
    for (auto& l : loops_) {
      const auto at = l->next_timer();
      more |= l->has_posted() || (at && *at <= clock_.now());
    }
    return more;
  }

  FakeClock clock_;
  std::vector<std::unique_ptr<Loop>> loops_;
  WorkerPool workers_, compute_;
};

}  // namespace pintle::testing

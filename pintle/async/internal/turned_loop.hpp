// For this room's own tests, which may not include the test kit above them: a loop turned by hand.
#pragma once

#include <chrono>
#include <utility>

#include <pintle/async/cancel.hpp>
#include <pintle/async/loop.hpp>
#include <pintle/async/task.hpp>
#include <pintle/async/worker_pool.hpp>

namespace pintle::test {

class HandClock final : public Clock {
 public:
  TimePoint now() const noexcept override { return at; }
  TimePoint at{std::chrono::hours(1)};
};

struct TurnedLoop {
  TurnedLoop() {
    loop.own();
    loop.set_workers(&workers);
  }
  // One turn at the clock's time; true when there is more to do.
  bool turn() {
    loop.begin_turn();
    return loop.run_turn();
  }
  void settle() {
    while (turn() || (loop.next_timer() && *loop.next_timer() <= clock.at)) {
    }
  }
  void pass(Duration d) {
    clock.at += d;
    settle();
  }
  Env env(CancelScope* scope = nullptr) { return Env{&loop, scope, nullptr}; }

  // Starts `task`; `out` is set when it is done.
  template <class T>
  void start(Task<T> task, std::optional<T>& out, CancelScope* scope = nullptr) {
    run(std::move(task), &out).start(env(scope));
  }

  static WorkerPoolOptions no_threads() {
    WorkerPoolOptions o;
    o.threads = 0;
    o.max_queued = 2;
    return o;
  }
  HandClock clock;
  WorkerPool workers{no_threads()};
  Loop loop{clock};

 private:
  template <class T>
  static Root run(Task<T> task, std::optional<T>* out) {
    out->emplace(co_await task);
  }
};

}  // namespace pintle::test

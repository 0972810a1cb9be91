// Runs a task on a loop from a thread that is none: for main(), tests and blocking stubs.
#pragma once

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <pintle/async/cancel.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/async/task.hpp>
#include <pintle/base/status.hpp>

namespace pintle {
namespace detail {

// OK, or FAILED_PRECONDITION with what to do instead: the calling thread can't wait for work on `loop`.
Status may_wait_for(const Loop& loop);

// What the waiting thread and the loop share. The result is written on the loop before `over` is set.
template <class T>
struct SyncWait {
  void finish() {
    std::lock_guard lock(mutex);  // held while notifying: the waiter may destroy it as soon as it sees `over`
    over = true;
    changed.notify_one();
  }
  // Made on the loop; ends the waiting when it is destroyed before the task is done (the runtime has stopped).
  struct Ticket {
    explicit Ticket(SyncWait* w) : wait(w) {}
    Ticket(Ticket&& other) noexcept : wait(std::exchange(other.wait, nullptr)) {}
    ~Ticket() {
      if (wait != nullptr) wait->finish();
    }
    SyncWait* wait;
  };
  // Runs `task` on `loop` and sleeps until that is over. Neither a value nor an exception: the loop ended first.
  void run(Loop& loop, Task<T>& task) {
    loop.post([this, &loop, &task, ticket = Ticket(this)]() mutable {
      body(&task, std::move(ticket)).start(Env{&loop, &scope, nullptr});
    });
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return over; });
  }
  static Root body(Task<T>* task, Ticket ticket) {
    SyncWait* w = ticket.wait;
    try {
      if constexpr (std::is_void_v<T>) {
        co_await *task;
        w->value.emplace(true);
      } else {
        w->value.emplace(co_await *task);
      }
    } catch (...) {
      w->exception = std::current_exception();
    }
  }

  std::mutex mutex;
  std::condition_variable changed;
  bool over = false;  // guarded by mutex
  std::exception_ptr exception;
  std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> value;
  CancelScope scope;
};

}  // namespace detail

// Blocks until `task` has run on `loop`; gives its result or throws what left it. Throws std::logic_error, before
// anything is begun, on a thread that drives a loop, be it this one (which would wait for itself for ever), another one
// (two that wait for each other would do so too) or another runtime's; and std::runtime_error when no thread drives
// `loop`: its runtime was not started, or has stopped. The frame of the task is freed on the calling thread, so that
// threads keep their own memory.
template <class T>
T sync_wait(Loop& loop, Task<T> task) {
  if (const Status no = detail::may_wait_for(loop); !no.ok()) {
    if (Loop::on_any_thread()) throw std::logic_error(std::string(no.message()));
    throw std::runtime_error(std::string(no.message()));
  }
  detail::SyncWait<T> wait;
  wait.run(loop, task);
  if (wait.exception) std::rethrow_exception(wait.exception);
  if (!wait.value) throw std::runtime_error("the runtime stopped before the task was run");
  if constexpr (!std::is_void_v<T>) return std::move(*wait.value);
}

// On the runtime's next loop.
template <class T>
T sync_wait(Runtime& runtime, Task<T> task) {
  return sync_wait(runtime.next_loop(), std::move(task));
}

}  // namespace pintle

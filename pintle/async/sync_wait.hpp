// Runs a task on a loop from a thread that is none: for main(), tests and blocking stubs.
#pragma once

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <pintle/async/cancel.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/async/task.hpp>

namespace pintle {
namespace detail {

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
  static Root run(Task<T>* task, Ticket ticket) {
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

// Blocks until `task` has run on `loop`; gives its result or throws what left it. Throws std::logic_error on the loop's
// own thread, which would wait for itself for ever, and std::runtime_error when the runtime had stopped before the task
// could start. The frame of the task is freed on the calling thread, so that threads keep their own memory.
template <class T>
T sync_wait(Loop& loop, Task<T> task) {
  if (loop.on_thread()) throw std::logic_error("sync_wait on the thread of the loop that it waits for");
  using Wait = detail::SyncWait<T>;
  Wait wait;
  loop.post([&loop, &wait, &task, ticket = typename Wait::Ticket(&wait)]() mutable {
    Wait::run(&task, std::move(ticket)).start(Env{&loop, &wait.scope, nullptr});
  });
  std::unique_lock lock(wait.mutex);
  wait.changed.wait(lock, [&] { return wait.over; });
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

// A bounded queue between threads and loops: any of them puts in, coroutines of every loop take out.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include <pintle/async/crossing.hpp>
#include <pintle/base/status.hpp>

namespace pintle {

// Each item goes to one reader, in the order in which they were put in; which of the readers that wait, on which loop,
// is not said. Any thread for what isn't awaited; no member holds a lock for longer than a few instructions. Must
// outlive those who wait.
template <class T>
class Queue {
  class State;

 public:
  // REQUIRES: capacity > 0, the number of items that may wait.
  explicit Queue(std::size_t capacity) : state_(std::make_shared<State>(capacity)) {}
  Queue(const Queue&) = delete;

  // Moves from `value` only when OK. RESOURCE_EXHAUSTED when it is full; UNAVAILABLE when it is closed.
  Status try_push(T&& value) { return state_->try_push(value); }
  // The next item, if there is one.
  std::optional<T> try_pop() { return state_->try_pop(); }
  // Nothing more goes in, and who waits for room is told UNAVAILABLE; what is in it can still be taken out.
  void close() { state_->close(); }
  std::size_t size() const { return state_->size(); }

  class [[nodiscard("co_await it: nothing is taken before")]] Pop : public detail::Crossing::Place {
   public:
    explicit Pop(std::shared_ptr<State> state) : state_(std::move(state)) {}
    ~Pop() {
      if (item_) state_->put_back(std::move(*item_));  // the coroutine was destroyed before it could take it
    }
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
      const Env& env = h.promise().env;
      scope_ = env.scope;
      if (scope_ != nullptr && scope_->cancelled()) return false;
      auto line = state_->pop_or_line(*this, *env.loop);
      if (line != nullptr) {
        this->stand(h, *state_, state_->readers_, std::move(line));
        return true;
      }
      if (env.loop->spend_ready()) return false;
      this->suspend(h, nullptr);
      this->post();
      return true;
    }
    Result<std::optional<T>> await_resume() {
      this->done();
      this->leave();
      if (item_) {
        std::optional<T> item = std::move(item_);
        item_.reset();
        return item;
      }
      if (ended_) return std::optional<T>();
      return std::unexpected(scope_->status());
    }

   private:
    friend class State;
    const std::shared_ptr<State> state_;
    CancelScope* scope_ = nullptr;
    std::optional<T> item_;
    bool ended_ = false;
  };
  // A coroutine on any loop: waits for an item. Nothing when the queue is closed and empty; the status of the scope
  // when that is cancelled first. An item that was handed over before the cancelling counts. `Result<std::optional<T>>
  // item = co_await queue.pop();`
  Pop pop() { return Pop(state_); }

  class [[nodiscard("co_await it: nothing is put in before")]] Push : public detail::Crossing::Place {
   public:
    Push(std::shared_ptr<State> state, T value) : state_(std::move(state)), value_(std::move(value)) {}
    bool await_ready() const noexcept { return false; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
      const Env& env = h.promise().env;
      scope_ = env.scope;
      if (scope_ != nullptr && scope_->cancelled()) return false;
      auto line = state_->push_or_line(*this, *env.loop);
      if (line != nullptr) {
        this->stand(h, *state_, state_->writers_, std::move(line));
        return true;
      }
      if (env.loop->spend_ready()) return false;
      this->suspend(h, nullptr);
      this->post();
      return true;
    }
    Status await_resume() {
      this->done();
      this->leave();
      if (pushed_) return Status();
      return closed_ ? State::closed_status() : scope_->status();
    }

   private:
    friend class State;
    const std::shared_ptr<State> state_;
    T value_;
    CancelScope* scope_ = nullptr;
    bool pushed_ = false, closed_ = false;
  };
  // A coroutine on any loop: waits for room. UNAVAILABLE when the queue is closed, or the status of the scope, and then
  // `value` did not go in.
  Push push(T value) { return Push(state_, std::move(value)); }

 private:
  class State final : public detail::Crossing {
   public:
    explicit State(std::size_t capacity) : capacity_(capacity) {}
    static Status closed_status() { return Status(Code::unavailable, "the queue is closed", Origin::library); }

    Status try_push(T& value) {
      Due due;
      {
        std::lock_guard lock(mutex_);
        if (closed_) return closed_status();
        if (items_.size() >= capacity_) return Status(Code::resource_exhausted, "the queue is full", Origin::library);
        items_.push_back(std::move(value));
        due = find_due();
      }
      tell(due);
      return Status();
    }
    std::optional<T> try_pop() {
      std::optional<T> item;
      Due due;
      {
        std::lock_guard lock(mutex_);
        item = take();
        due = find_due();
      }
      tell(due);
      return item;
    }
    void put_back(T item) {
      Due due;
      {
        std::lock_guard lock(mutex_);
        items_.push_front(std::move(item));
        due = find_due();
      }
      tell(due);
    }
    void close() {
      Due due;
      {
        std::lock_guard lock(mutex_);
        closed_ = true;
        due = find_due();
      }
      tell(due);
    }
    std::size_t size() {
      std::lock_guard lock(mutex_);
      return items_.size();
    }

    // Null: it is done. Else the line to stand in.
    std::shared_ptr<detail::Line> pop_or_line(Pop& pop, Loop& loop) {
      Due due;
      {
        std::lock_guard lock(mutex_);
        pop.item_ = take();
        pop.ended_ = !pop.item_ && closed_;
        if (!pop.item_ && !closed_) return readers_.of(loop);
        due = find_due();
      }
      tell(due);
      return nullptr;
    }
    std::shared_ptr<detail::Line> push_or_line(Push& push, Loop& loop) {
      Due due;
      {
        std::lock_guard lock(mutex_);
        if (!put(push)) return writers_.of(loop);
        due = find_due();
      }
      tell(due);
      return nullptr;
    }

   private:
    friend class Pop;
    friend class Push;
    struct Due {
      detail::Lines::Told readers, writers;
    };
    // Who may find something now: one loop for an item or for room, all of them when it is closed.
    Due find_due() {
      Due due;
      if (closed_)
        due.readers = readers_.all();
      else if (!items_.empty())
        due.readers = readers_.one();
      if (closed_)
        due.writers = writers_.all();
      else if (items_.size() < capacity_)
        due.writers = writers_.one();
      return due;
    }
    void tell(const Due& due) {
      ask(readers_, due.readers);
      ask(writers_, due.writers);
    }
    std::optional<T> take() {
      std::optional<T> item;
      if (items_.empty()) return item;
      item.emplace(std::move(items_.front()));
      items_.pop_front();
      return item;
    }
    bool put(Push& push) {
      if (closed_) return push.closed_ = true;
      if (items_.size() >= capacity_) return false;
      items_.push_back(std::move(push.value_));
      return push.pushed_ = true;
    }
    bool serve(Pop& pop) {
      pop.item_ = take();
      pop.ended_ = !pop.item_ && closed_;
      return pop.item_ || pop.ended_;
    }

    // Serves this loop's first in line, as far as it goes; then it is another loop's turn.
    void look(detail::Lines& lines, detail::Line& line) override {
      Due due;
      for (;;) {
        auto* first = peek(line);
        std::lock_guard lock(mutex_);
        if (first == nullptr) lines.remove(line);
        if (first == nullptr ||
            !(&lines == &readers_ ? serve(static_cast<Pop&>(*first)) : put(static_cast<Push&>(*first)))) {
          due = find_due();
          break;
        }
        take_first(line)->wake();
      }
      tell(due);
    }
    void lost(detail::Lines&) override {
      Due due;
      {
        std::lock_guard lock(mutex_);
        due = find_due();
      }
      tell(due);
    }

    const std::size_t capacity_;
    std::deque<T> items_;  // guarded by mutex_, as are all below
    bool closed_ = false;
    detail::Lines readers_, writers_;
  };
  std::shared_ptr<State> state_;
};

}  // namespace pintle

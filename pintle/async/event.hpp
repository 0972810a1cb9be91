// Waiting among the coroutines of one loop: an event that is set, and permits that are handed out in order.
#pragma once

#include <cstddef>
#include <utility>

#include <pintle/async/task.hpp>
#include <pintle/base/status.hpp>

namespace pintle {
namespace detail {

// Coroutines in the order in which they came; an entry leaves when it is destroyed.
class WaitQueue {
 public:
  class Entry {
   public:
    Entry() = default;
    Entry(const Entry&) = delete;
    ~Entry() { leave(); }
    bool waits() const noexcept { return queue_ != nullptr; }
    void leave() noexcept {
      if (queue_ == nullptr) return;
      (before_ != nullptr ? before_->next_ : queue_->first_) = next_;
      (next_ != nullptr ? next_->before_ : queue_->last_) = before_;
      --queue_->size_;
      queue_ = nullptr;
    }

   private:
    friend class WaitQueue;
    WaitQueue* queue_ = nullptr;
    Entry *next_ = nullptr, *before_ = nullptr;
  };

  WaitQueue() = default;
  WaitQueue(const WaitQueue&) = delete;
  ~WaitQueue() {
    while (first_ != nullptr) first_->leave();
  }
  std::size_t size() const noexcept { return size_; }
  Entry* first() const noexcept { return first_; }
  void push(Entry& e) noexcept {
    e.queue_ = this;
    e.next_ = nullptr;
    e.before_ = last_;
    (last_ != nullptr ? last_->next_ : first_) = &e;
    last_ = &e;
    ++size_;
  }

 private:
  Entry *first_ = nullptr, *last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace detail

// Set or not; waits while it is not. Loop's thread only; must outlive its waiters.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  bool is_set() const noexcept { return set_; }
  // Wakes all that wait.
  void set() noexcept {
    set_ = true;
    while (auto* first = queue_.first()) {
      first->leave();
      static_cast<Wait*>(first)->fire();
    }
  }
  void reset() noexcept { set_ = false; }

  class [[nodiscard("co_await it: it waits for nothing before")]] Wait : CoWaiter, detail::WaitQueue::Entry {
   public:
    explicit Wait(Event& e) : event_(e) {}
    bool await_ready() const noexcept { return event_.set_; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
      scope_ = h.promise().env.scope;
      if (scope_ != nullptr && scope_->cancelled()) return false;
      suspend(h, scope_);
      event_.queue_.push(*this);
      return true;
    }
    Status await_resume() noexcept {
      done();
      leave();
      if (fired_ || scope_ == nullptr) return {};
      return scope_->status();
    }

   private:
    friend class Event;
    void fire() noexcept {
      fired_ = true;
      post();
    }
    Event& event_;
    CancelScope* scope_ = nullptr;
    bool fired_ = false;
  };
  // OK once it is set, or the status of the scope when that is cancelled first.
  Wait wait() { return Wait(*this); }

 private:
  bool set_ = false;
  detail::WaitQueue queue_;
};

// So many permits; who finds none waits in line. Loop's thread only; must outlive its waiters.
class Semaphore {
 public:
  explicit Semaphore(std::size_t permits, std::size_t max_waiting = SIZE_MAX)
      : permits_(permits), max_waiting_(max_waiting) {}
  Semaphore(const Semaphore&) = delete;
  std::size_t permits() const noexcept { return permits_; }
  std::size_t waiting() const noexcept { return queue_.size(); }

  // Never overtakes one that waits.
  bool try_acquire() noexcept {
    if (permits_ == 0 || queue_.size() != 0) return false;
    --permits_;
    return true;
  }
  // Gives a permit back (or a new one): to the first in line, if there is one.
  void release() noexcept {
    if (auto* first = queue_.first()) {
      first->leave();
      static_cast<Acquire*>(first)->grant();
    } else {
      ++permits_;
    }
  }

  class [[nodiscard("co_await it: it waits for nothing before")]] Acquire : CoWaiter, detail::WaitQueue::Entry {
   public:
    explicit Acquire(Semaphore& s) : semaphore_(s) {}
    ~Acquire() {
      if (granted_) semaphore_.release();  // the coroutine was destroyed before it could take what it was given
    }
    bool await_ready() noexcept { return granted_ = semaphore_.try_acquire(); }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
      scope_ = h.promise().env.scope;
      if (scope_ != nullptr && scope_->cancelled()) return false;
      if (semaphore_.queue_.size() >= semaphore_.max_waiting_) return !(full_ = true);
      suspend(h, scope_);
      semaphore_.queue_.push(*this);
      return true;
    }
    Status await_resume() {
      done();
      leave();
      if (std::exchange(granted_, false)) return {};
      if (full_) return Status(Code::resource_exhausted, "too many wait already", Origin::library);
      return scope_->status();
    }

   private:
    friend class Semaphore;
    void grant() noexcept {
      granted_ = true;
      post();
    }
    Semaphore& semaphore_;
    CancelScope* scope_ = nullptr;
    bool granted_ = false, full_ = false;
  };
  // OK with a permit, to be given back by release(); RESOURCE_EXHAUSTED at once when max_waiting wait already; or the
  // status of the scope when that is cancelled first. A permit that was granted before the cancelling counts.
  Acquire acquire() { return Acquire(*this); }

 private:
  std::size_t permits_;
  std::size_t max_waiting_;
  detail::WaitQueue queue_;
};

}  // namespace pintle

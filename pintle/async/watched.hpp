// A value that any thread may set and that coroutines of every loop may watch: a phase, a configuration, a set of
// addresses.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <pintle/async/crossing.hpp>
#include <pintle/base/status.hpp>

namespace pintle {

// What a Watched<T> held at one time. Versions grow by one with each set(), from 1.
template <class T>
struct Snapshot {
  std::shared_ptr<const T> value;  // never null
  std::uint64_t version = 0;
  const T& operator*() const { return *value; }
  const T* operator->() const { return value.get(); }
};

// Any thread, unless a member says otherwise; no member holds a lock for longer than a few instructions. Must outlive
// those who wait for a change.
template <class T>
class Watched {
  class State;

 public:
  explicit Watched(T value) : state_(std::make_shared<State>(std::make_shared<const T>(std::move(value)))) {}
  Watched(const Watched&) = delete;

  Snapshot<T> get() const { return state_->get(); }
  // Wakes whoever waits for a change. Of values that follow each other quickly, a watcher may see the last one only.
  void set(T value) { state_->set(std::make_shared<const T>(std::move(value))); }

  class [[nodiscard("co_await it: it waits for nothing before")]] Change : public detail::Crossing::Place {
   public:
    Change(std::shared_ptr<State> state, std::uint64_t seen) : state_(std::move(state)), seen_(seen) {}
    bool await_ready() const { return state_->get().version != seen_; }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
      const Env& env = h.promise().env;
      scope_ = env.scope;
      if (scope_ != nullptr && scope_->cancelled()) return false;
      auto line = state_->line_unless_changed(*env.loop, seen_);
      if (line == nullptr) return false;
      this->stand(h, *state_, state_->lines(), std::move(line));
      return true;
    }
    Result<Snapshot<T>> await_resume() {
      this->done();
      this->leave();
      Snapshot<T> now = state_->get();
      if (now.version == seen_) return std::unexpected(scope_->status());
      return now;
    }

   private:
    friend class State;
    const std::shared_ptr<State> state_;
    const std::uint64_t seen_;
    CancelScope* scope_ = nullptr;
  };
  // A coroutine on any loop: waits until the version is another than `seen`. The value of that time, or the status of
  // the scope when it was cancelled before.
  //
  //   for (auto now = watched.get();;) {
  //     use(*now);
  //     auto next = co_await watched.changed(now.version);
  //     if (!next) co_return next.error();
  //     now = std::move(*next);
  //   }
  Change changed(std::uint64_t seen) const { return Change(state_, seen); }

 private:
  class State final : public detail::Crossing {
   public:
    explicit State(std::shared_ptr<const T> value) : now_{std::move(value), 1} {}
    Snapshot<T> get() {
      std::lock_guard lock(mutex_);
      return now_;
    }
    void set(std::shared_ptr<const T> value) {
      detail::Lines::Told told;
      {
        std::lock_guard lock(mutex_);
        std::swap(now_.value, value);  // the one before is destroyed when the lock is free
        ++now_.version;
        told = lines_.all();
      }
      ask(lines_, told);
    }
    std::shared_ptr<detail::Line> line_unless_changed(Loop& loop, std::uint64_t seen) {
      std::lock_guard lock(mutex_);
      return now_.version == seen ? lines_.of(loop) : nullptr;
    }
    detail::Lines& lines() { return lines_; }

   private:
    void look(detail::Lines&, detail::Line& line) override {
      const std::uint64_t version = get().version;
      wake_those(line, [&](Place& p) { return static_cast<Change&>(p).seen_ != version; });
    }
    Snapshot<T> now_;  // guarded by mutex_, as is
    detail::Lines lines_;
  };
  std::shared_ptr<State> state_;
};

}  // namespace pintle

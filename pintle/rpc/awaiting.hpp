// The awaits of a call's streams. What handlers write is `co_await call.read()`, Reader and Writer.
#pragma once

#include <concepts>
#include <optional>

#include <pintle/async/task.hpp>
#include <pintle/rpc/layer_call.hpp>

namespace pintle::detail {

// What the source says. An exception of a layer's own source ends the call, as one of its handler does.
template <std::derived_from<Source> S>
Poll poll(Call& call, S& source, Message*& message) noexcept {
  try {
    return source.poll(message);
  } catch (...) {
    for_layers(call).fail_with_current_exception();
    return Poll::end;
  }
}
template <std::derived_from<Sink> S>
Poll push(Call& call, S& sink, const Message& message) noexcept {
  try {
    return sink.push(message);
  } catch (...) {
    for_layers(call).fail_with_current_exception();
    return Poll::end;
  }
}

inline void give_head(LayerCall& call) noexcept {
  try {
    call.sink->head(call.response_head);
  } catch (...) {
    call.fail_with_current_exception();
  }
}

// Where an await of a stream waits. Most find what they want at once and never make one.
class Parked final : public CoWaiter {
 public:
  // Until it is woken, or `scope` is cancelled.
  template <class Promise>
  Parked(std::coroutine_handle<Promise> h, CancelScope& scope) noexcept {
    suspend(h, &scope);
  }
  // Until the other ready coroutines had their turn.
  template <class Promise>
  explicit Parked(std::coroutine_handle<Promise> h) noexcept {
    suspend(h, nullptr);
    post();
  }
};

// Awaits a message. Result: the message, null at the end, or the scope's status.
class [[nodiscard("co_await it")]] Reading {
 public:
  // What `source` throws ends `call`; `scope` cuts the wait short.
  Reading(Call& call, Source& source, CancelScope& scope) : call_(call), source_(source), scope_(scope) {}
  Reading(const Reading&) = delete;
  ~Reading() {
    if (armed()) source_.arm(nullptr);
  }
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
    if (scope_.cancelled()) return false;
    last_ = poll(call_, source_, message_);
    if (last_ != Poll::pending) {
      if (h.promise().env.loop->spend_ready()) [[likely]]
        return false;
      parked_.emplace(h);
    } else {
      source_.arm(&parked_.emplace(h, scope_));
    }
    return true;
  }
  Result<Message*> await_resume() {
    if (armed()) {
      source_.arm(nullptr);
      parked_.reset();
      if (!scope_.cancelled()) last_ = poll(call_, source_, message_);
    }
    if (scope_.cancelled()) return std::unexpected(scope_.status());
    return last_ == Poll::ready ? message_ : nullptr;
  }

 protected:
  Call& call() const { return call_; }

 private:
  bool armed() const { return parked_ && last_ == Poll::pending; }

  Call& call_;
  Source& source_;
  CancelScope& scope_;
  Message* message_ = nullptr;
  Poll last_ = Poll::pending;
  std::optional<Parked> parked_;
};

// Awaits that a source's next poll() says something else than pending, or that the scope is cancelled.
template <std::derived_from<Source> S>
class [[nodiscard("co_await it")]] Arrival : CoWaiter {
 public:
  Arrival(S& source, CancelScope& scope) : source_(source), scope_(scope) {}
  ~Arrival() { source_.arm(nullptr); }
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> h) noexcept {
    suspend(h, &scope_);
    source_.arm(this);
  }
  void await_resume() noexcept {}

 private:
  S& source_;
  CancelScope& scope_;
};

// Awaits room after a push() that said `pushed`. Result: OK, the scope's status, or UNAVAILABLE when nobody reads.
class [[nodiscard("co_await it")]] Room {
 public:
  Room(Sink& sink, CancelScope& scope, Poll pushed) : sink_(sink), scope_(scope), last_(pushed) {}
  Room(const Room&) = delete;
  ~Room() {
    if (armed()) sink_.arm(nullptr);
  }
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
    if (scope_.cancelled()) return false;
    if (last_ != Poll::pending) {
      if (h.promise().env.loop->spend_ready()) [[likely]]
        return false;
      parked_.emplace(h);
    } else {
      sink_.arm(&parked_.emplace(h, scope_));
    }
    return true;
  }
  Status await_resume() {
    if (armed()) {
      sink_.arm(nullptr);
      parked_.reset();
      if (sink_.room() == Poll::end) last_ = Poll::end;
    }
    if (scope_.cancelled()) return scope_.status();
    if (last_ == Poll::end) [[unlikely]]
      return nobody_reads();
    return Status();
  }

 protected:
  Sink& sink_;
  CancelScope& scope_;
  Poll last_;

 private:
  bool armed() const { return parked_ && last_ == Poll::pending; }
  static Status nobody_reads();

  std::optional<Parked> parked_;
};

// Hands a message over and awaits room for the next.
class [[nodiscard("co_await it")]] Writing : public Room {
 public:
  Writing(Call& call, Sink& sink, const Message& message, CancelScope& scope)
      : Room(sink, scope, Poll::ready), call_(call), message_(message) {}
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
    if (scope_.cancelled()) return false;
    last_ = push(call_, sink_, message_);
    return Room::await_suspend(h);
  }

 protected:
  Call& call() const { return call_; }

 private:
  Call& call_;
  const Message& message_;
};

}  // namespace pintle::detail

namespace pintle {

inline detail::Reading Call::read() { return {*this, *source, scope}; }
inline detail::Writing Call::write(const Message& message) { return {*this, *sink, message, scope}; }

}  // namespace pintle

// Waiting for the cancelling of a scope that is not one's own: a notice, as a server that begins to drain gives it.
#pragma once

#include <pintle/async/task.hpp>
#include <pintle/base/status.hpp>

namespace pintle {

// `Status s = co_await WhenCancelled(notice, call.scope);`: OK once `notice` is cancelled; the status of `own` when
// that is cancelled first, or when both are by the time the coroutine goes on: a notice is of no use to a call that is
// over. A null `notice` never comes. Both scopes must outlive the await. Loop's thread only.
class [[nodiscard("co_await it: it waits for nothing before")]] WhenCancelled : CoWaiter {
 public:
  WhenCancelled(CancelScope* notice, CancelScope& own) : notice_(notice), own_(own) { noticed_.owner = this; }
  bool await_ready() const noexcept { return own_.cancelled() || (notice_ != nullptr && notice_->cancelled()); }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> h) noexcept {
    suspend(h, &own_);
    if (notice_ != nullptr) notice_->add(noticed_);
  }
  Status await_resume() noexcept {
    done();
    noticed_.unlink();
    return own_.status();
  }

 private:
  struct Noticed : CancelNode {
    Noticed() : CancelNode([](CancelNode* n) noexcept { static_cast<Noticed*>(n)->owner->post(); }) {}
    WhenCancelled* owner = nullptr;
  };
  CancelScope* notice_;
  CancelScope& own_;
  Noticed noticed_;
};

}  // namespace pintle

// What a wake-up is made of: a callback, and a node that hears of a cancelled scope.
#pragma once

namespace pintle {

// Somebody who waits for one thing to happen. fire() only takes note (it enqueues a coroutine, passes a wake-up on, or
// sets a flag): it resumes nobody, so it may be called from anywhere on the loop's thread. One shot: whoever fires a
// waiter has forgotten it before.
struct Waiter {
  void (*fire)(Waiter*) noexcept = nullptr;
  void wake() noexcept { fire(this); }
};

// A node of a CancelScope's list: told once when the scope is cancelled. Unlinks itself when it is destroyed.
class CancelNode {
 public:
  explicit CancelNode(void (*cancelled)(CancelNode*) noexcept) : cancelled_(cancelled) {}
  CancelNode(const CancelNode&) = delete;
  ~CancelNode() { unlink(); }
  bool linked() const noexcept { return before_ != nullptr; }
  void unlink() noexcept {
    if (before_ == nullptr) return;
    *before_ = next_;
    if (next_ != nullptr) next_->before_ = before_;
    before_ = nullptr;
    next_ = nullptr;
  }

 private:
  friend class CancelScope;
  void (*cancelled_)(CancelNode*) noexcept;
  CancelNode* next_ = nullptr;
  CancelNode** before_ = nullptr;
};

}  // namespace pintle

// Structured cancellation: a tree of scopes; a cancelled scope wakes all that waits in it, and below it, with a status.
#pragma once

#include <cstdint>
#include <utility>

#include <pintle/async/waiter.hpp>
#include <pintle/base/status.hpp>

namespace pintle {

// Why a scope was cancelled: what metrics and audits tell apart, whatever the status says.
enum class CancelCause : std::uint8_t {
  none,             // it is not, or nobody said
  deadline,         // its time was over
  peer_reset,       // the peer reset the stream
  connection_lost,  // the connection broke or was closed
  shutdown,         // the grace time of a drain was over
  caller,           // whoever asked no longer wants it
  exception,        // an exception left a handler, a layer, a source or a sink
  protocol,         // what came breaks the rules of gRPC, or a limit
};

// A call owns one; an attempt, a nursery's child and a hedge own scopes below it. Cancelling wakes, it never resumes:
// the awaits return the status in their own time. The first status stays. Loop's thread only. A scope should outlive
// its children; those that it leaves behind are cancelled by nobody.
class CancelScope {
 public:
  explicit CancelScope(CancelScope* parent = nullptr) { attach(parent); }
  CancelScope(const CancelScope&) = delete;
  ~CancelScope() {
    detach();
    while (nodes_ != nullptr) nodes_->unlink();
    while (children_ != nullptr) children_->detach();
  }

  bool cancelled() const noexcept { return !status_.ok(); }
  // Why; OK while it is not cancelled.
  const Status& status() const noexcept { return status_; }
  // What began it; of a scope that was cancelled with the one above, that one's cause.
  CancelCause cause() const noexcept { return cause_; }
  void cancel(Status status, CancelCause cause = CancelCause::none);

  // Tells `node` when the scope is cancelled, at once when it already is.
  void add(CancelNode& node) noexcept {
    if (cancelled()) return node.cancelled_(&node);
    node.next_ = nodes_;
    if (nodes_ != nullptr) nodes_->before_ = &node.next_;
    node.before_ = &nodes_;
    nodes_ = &node;
  }

  // For a pooled owner: makes it a fresh scope below `parent`. REQUIRES: no children, no nodes.
  void reset(CancelScope* parent) {
    detach();
    status_ = Status();
    cause_ = CancelCause::none;
    attach(parent);
  }

  // No longer below its parent; its status stays. For a scope that may outlive the one above.
  void release() noexcept { detach(); }

 private:
  void attach(CancelScope* parent) {
    if (parent == nullptr) return;
    status_ = parent->status_;
    cause_ = parent->cause_;
    next_ = parent->children_;
    if (next_ != nullptr) next_->before_ = &next_;
    before_ = &parent->children_;
    parent->children_ = this;
  }
  void detach() noexcept {
    if (before_ == nullptr) return;
    *before_ = next_;
    if (next_ != nullptr) next_->before_ = before_;
    before_ = nullptr;
    next_ = nullptr;
  }

  Status status_;
  CancelCause cause_ = CancelCause::none;
  CancelNode* nodes_ = nullptr;
  CancelScope* children_ = nullptr;
  CancelScope* next_ = nullptr;
  CancelScope** before_ = nullptr;
};

inline void CancelScope::cancel(Status status, CancelCause cause) {
  if (cancelled() || status.ok()) return;
  status_ = std::move(status);
  cause_ = cause;
  while (nodes_ != nullptr) {
    CancelNode* node = nodes_;
    node->unlink();
    node->cancelled_(node);
  }
  for (CancelScope* child = children_; child != nullptr;) {
    CancelScope* next = child->next_;
    child->cancel(status_, cause_);
    child = next;
  }
}

}  // namespace pintle

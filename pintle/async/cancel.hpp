// Structured cancellation: a tree of scopes; a cancelled scope wakes all that waits in it, and below it, with a status.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include <pintle/async/waiter.hpp>
#include <pintle/base/status.hpp>

namespace pintle {

// What ended a scope: for programs, where the status has a code that several causes share and a text for people.
enum class CancelCause : std::uint8_t {
  none,             // it is not cancelled
  deadline,         // its time has passed
  peer_reset,       // the peer ended this one call
  connection_lost,  // the peer, or the way to it, is gone
  shutdown,         // this server, channel or process ends
  caller,           // whoever wanted the result lets go of it
  fault,            // what the peer sent broke a rule or a limit
  exception,        // one left a handler, a layer, a source or a sink
  superseded,       // another result came first
  overload,         // there is no room for it here
};
// "deadline", "peer_reset", ...: for logs and metrics.
constexpr std::string_view cause_name(CancelCause cause) {
  switch (cause) {
    case CancelCause::none:
      return "none";
    case CancelCause::deadline:
      return "deadline";
    case CancelCause::peer_reset:
      return "peer_reset";
    case CancelCause::connection_lost:
      return "connection_lost";
    case CancelCause::shutdown:
      return "shutdown";
    case CancelCause::caller:
      return "caller";
    case CancelCause::fault:
      return "fault";
    case CancelCause::exception:
      return "exception";
    case CancelCause::superseded:
      return "superseded";
    case CancelCause::overload:
      return "overload";
  }
  return "unknown";
}

// A call owns one; an attempt, a nursery's child and a hedge own scopes below it. Cancelling wakes, it never resumes:
// the awaits return the status in their own time. The first status and its cause stay. Loop's thread only. A scope
// should outlive its children; those that it leaves behind are cancelled by nobody.
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
  // What was at the root of it, also when that was above: an outgoing call whose incoming call was reset says
  // peer_reset.
  CancelCause cause() const noexcept { return cause_; }
  // It came from a scope above. With cause(): whose deadline it was, whose peer.
  bool inherited() const noexcept { return inherited_; }
  // Nothing when it is cancelled already, or when `status` is OK.
  void cancel(Status status, CancelCause cause = CancelCause::caller) { end(std::move(status), cause, false); }

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
    inherited_ = false;
    acts_for_ = nullptr;
    attach(parent);
  }

  // For whom the work below this scope is done, say a connection; scopes that are made below inherit it. Null: for
  // nobody in particular. Where something is scarce, each gets his part. It is compared and never looked into.
  const void* acts_for() const noexcept { return acts_for_; }
  void act_for(const void* whom) noexcept { acts_for_ = whom; }

  // No longer below its parent; its status stays. For a scope that may outlive the one above.
  void release() noexcept { detach(); }

 private:
  void attach(CancelScope* parent) {
    if (parent == nullptr) return;
    status_ = parent->status_;
    cause_ = parent->cause_;
    inherited_ = parent->cancelled();
    acts_for_ = parent->acts_for_;
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

  void end(Status status, CancelCause cause, bool inherited);

  Status status_;
  CancelCause cause_ = CancelCause::none;
  bool inherited_ = false;
  const void* acts_for_ = nullptr;
  CancelNode* nodes_ = nullptr;
  CancelScope* children_ = nullptr;
  CancelScope* next_ = nullptr;
  CancelScope** before_ = nullptr;
};

inline void CancelScope::end(Status status, CancelCause cause, bool inherited) {
  if (cancelled() || status.ok()) return;
  status_ = std::move(status);
  cause_ = cause;
  inherited_ = inherited;
  while (nodes_ != nullptr) {
    CancelNode* node = nodes_;
    node->unlink();
    node->cancelled_(node);
  }
  for (CancelScope* child = children_; child != nullptr;) {
    CancelScope* next = child->next_;
    child->end(status_, cause_, true);
    child = next;
  }
}

}  // namespace pintle

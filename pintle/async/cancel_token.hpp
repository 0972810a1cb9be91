// Cancelling from outside: a token that any thread may pull, and its tie to a scope that lives on a loop.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <utility>

#include <pintle/async/cancel.hpp>
#include <pintle/async/loop.hpp>
#include <pintle/base/status.hpp>

namespace pintle {

class CancelLink;

// Copies are the same token. Any thread. Once cancelled it stays so: make a new one for what comes after.
class CancelToken {
 public:
  CancelToken() : state_(std::make_shared<State>()) {}
  // Cancels each scope that is tied to it, on its own loop and in its own time, and each that will be. The first status
  // counts. REQUIRES: `status` is not OK.
  void cancel(Status status = Status(Code::cancelled, "the caller cancelled the call")) const;
  bool cancelled() const;

 private:
  friend class CancelLink;
  struct Tie {
    CancelScope* scope;  // null: let go; loop's thread only
    Loop* loop;
  };
  struct State {
    std::mutex mutex;  // guards all below
    Status status;
    std::list<std::shared_ptr<Tie>> ties;
  };
  std::shared_ptr<State> state_;
};

// Cancels `scope` (cause: caller) when the token is, at once when it already is. On the scope's loop, which must be
// driven; lets go when it is destroyed. A null token ties nothing.
class CancelLink {
 public:
  CancelLink(const CancelToken* token, CancelScope& scope, Loop& loop) {
    if (token != nullptr) [[unlikely]]
      tie(*token, scope, loop);
  }
  CancelLink(const CancelLink&) = delete;
  ~CancelLink() {
    if (tied_ != nullptr) [[unlikely]]
      let_go();
  }

 private:
  void tie(const CancelToken& token, CancelScope& scope, Loop& loop);
  void let_go() noexcept;

  struct Tied {
    std::shared_ptr<CancelToken::State> to;
    std::shared_ptr<CancelToken::Tie> tie;
    std::list<std::shared_ptr<CancelToken::Tie>>::iterator place;
  };
  std::unique_ptr<Tied> tied_;
};

}  // namespace pintle

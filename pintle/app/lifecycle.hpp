// Where a process stands between its start and its end, for all that must act on it.
#pragma once

#include <cstdint>

#include <pintle/async/task.hpp>
#include <pintle/async/watched.hpp>
#include <pintle/base/status.hpp>

namespace pintle {

enum class Phase : std::uint8_t {
  starting,  // nothing is served yet
  serving,   // every address is listened on
  draining,  // the process was asked to end: what runs is to come to its end, calls are still served
  stopped,   // nothing runs any more
};

// Goes forward only. Reading: any thread; awaiting: a coroutine on any loop.
class Lifecycle {
 public:
  Phase phase() const { return *watched_.get(); }
  bool draining() const { return phase() >= Phase::draining; }
  const Watched<Phase>& watched() const { return watched_; }
  // OK once `phase` is reached or passed; the status of the scope when it is cancelled first. Beside other waits:
  // `co_await first_of(sleep_for(5s), lifecycle.reached(Phase::draining))`.
  Task<Status> reached(Phase phase) const {
    for (Snapshot<Phase> now = watched_.get(); *now < phase;) {
      Result<Snapshot<Phase>> next = co_await watched_.changed(now.version);
      if (!next) co_return std::move(next).error();
      now = std::move(*next);
    }
    co_return Status();
  }

  // For its owner, which is the App or a test; one thread at a time. Does nothing when `phase` is behind.
  void enter(Phase phase) {
    if (phase > this->phase()) watched_.set(phase);
  }

 private:
  Watched<Phase> watched_{Phase::starting};
};

}  // namespace pintle

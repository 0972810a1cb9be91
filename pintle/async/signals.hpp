// Waits for signals (SIGTERM, SIGINT, SIGHUP) on a loop.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <pintle/async/loop.hpp>

namespace pintle {

// While it lives, the signals do nothing but call `on_signal` on the loop, in the order in which they came; several of
// one kind that come together may be told as one. Afterwards they do what they did before. One watch per signal at a
// time in a process: a second one throws std::logic_error. Make it before start() or on the loop's thread; destroy it
// on that thread, or after the runtime was joined.
class SignalWatch {
 public:
  SignalWatch(Loop& loop, std::vector<int> signals, std::function<void(int signal)> on_signal);
  SignalWatch(const SignalWatch&) = delete;
  ~SignalWatch();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace pintle

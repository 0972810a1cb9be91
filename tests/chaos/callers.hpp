// Who calls: a channel with resilience, and coroutines that make calls one after the other and enter each in the
// ledger.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "ledger.hpp"
#include <pintle/async/nursery.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/client/channel.hpp>
#include <pintle/rpc/call_options.hpp>
#include <pintle/rpc/handler.hpp>

namespace pintle::chaos {

struct Way {
  Way() = default;
  Duration timeout = std::chrono::seconds(10);
  Duration pause{};         // between two calls of one caller
  double once_share = 0.3;  // of calls that may run once
  double cancel_share = 0;  // of calls whose callers let go
  bool wait_for_ready = false;
};

// Runs callers on the loops of a runtime of its own until it is told to end.
class Callers {
 public:
  // `options` as they are; two methods: /chaos.v1.Chaos/Twice, which is idempotent, and /chaos.v1.Chaos/Once.
  Callers(const std::string& target, ChannelOptions options, Ledger& ledger);
  Callers(const Callers&) = delete;
  ~Callers();

  void begin(int callers, const Way& way);
  // Tells the callers, and waits for the calls that run.
  void end();
  // One call, from this thread.
  Status call(bool once, const CallOptions& options = CallOptions().timeout(std::chrono::seconds(10)));
  const std::shared_ptr<Channel>& channel() const { return channel_; }
  Runtime& runtime() { return runtime_; }
  std::uint64_t let_go() const { return let_go_; }

 private:
  Task<void> caller(Way way, std::uint64_t seed);

  Runtime runtime_;
  Ledger& ledger_;
  std::shared_ptr<Channel> channel_;
  std::atomic<bool> ends_ = false;
  std::atomic<int> running_ = 0;
  std::atomic<std::uint64_t> let_go_ = 0;
};

// Retries as they ship, but sooner: for methods that are idempotent; the throttle is wide.
ChannelOptions resilient(bool throttled = false);

}  // namespace pintle::chaos

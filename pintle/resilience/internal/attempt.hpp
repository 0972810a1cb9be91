// One attempt of a call that may have several: what retries and hedging share.
#pragma once

#include <optional>

#include <pintle/resilience/retry/retry_policy.hpp>
#include <pintle/rpc/layer_call.hpp>
#include <pintle/rpc/replay.hpp>

namespace pintle::resilience {

// Its response goes to the caller; the head of it makes the attempt the call's only one. Lives in the frame of whoever
// runs it; loop's thread only.
class Attempt final : Sink {
 public:
  // `number`: from 1, transparent retries counted. `previous`: what the server is told of earlier ones; 0: nothing.
  Attempt(LayerCall& of, Replay& replay, int number, int previous, std::optional<Duration> timeout);
  Attempt(const Attempt&) = delete;

  LayerCall& call() { return call_; }
  // How it ended, with the status that its chain returned.
  AttemptEnd end(const Status& status) const;

 private:
  void head(const Metadata& metadata) override;
  Poll push(const Message& message) override;
  Poll room() noexcept override { return of_.sink->room(); }
  void arm(Waiter* waiter) noexcept override { of_.sink->arm(waiter); }
  wire::Encoding coding() const override { return of_.sink->coding(); }

  void commit();

  struct Timeout : Timer {
    explicit Timeout(Attempt& of) : Timer(&Timeout::ring), attempt(of) {}
    static void ring(Timer* timer) noexcept;
    Attempt& attempt;
  };

  LayerCall& of_;
  Replay& replay_;
  LayerCall call_;
  Replay::Reader requests_;
  Timeout timeout_{*this};
  bool timed_out_ = false;
};

}  // namespace pintle::resilience

// What a channel keeps on one loop: its connection there, its connectivity state, and the calls that wait for it.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <pintle/async/event.hpp>
#include <pintle/async/task.hpp>
#include <pintle/client/internal/keepalive_time.hpp>
#include <pintle/client/options.hpp>
#include <pintle/rpc/inspect.hpp>
#include <pintle/rpc/layer_call.hpp>
#include <pintle/transport/connection.hpp>
#include <pintle/wire/compression.hpp>

namespace pintle::client {

// IDLE -> CONNECTING -> READY, or TRANSIENT_FAILURE -> (after the backoff) IDLE or CONNECTING
// (grpc/doc/connectivity-semantics-and-api.md).
enum class Connectivity : std::uint8_t { idle, connecting, ready, transient_failure, shutdown };

// Memory in which the head of a request is put together, used again for each.
struct OpenScratch {
  std::vector<transport::OutField> fields;
  std::array<char, 16> timeout;
  std::vector<std::string> coded;
};

// Loop's thread only, but for the constructor. Shared with the coroutine that connects.
class LoopChannel final : transport::ConnectionOwner, public std::enable_shared_from_this<LoopChannel> {
 public:
  LoopChannel(Loop& loop, std::shared_ptr<Dialer> dialer, std::shared_ptr<const ChannelOptions> options,
              std::shared_ptr<KeepaliveTime> keepalive_time);
  ~LoopChannel();

  // The connection on which a call can open a stream at once; null: await acquire(), others may wait there already.
  transport::Connection* pick() { return waiting_.size() == 0 && !turn_given_ ? open_one() : nullptr; }

  // Waits for a connection with room for `call`, connecting where need be. UNAVAILABLE in TRANSIENT_FAILURE unless the
  // call waits for ready; RESOURCE_EXHAUSTED when max_waiting calls wait already; the call's own status when it is
  // cancelled or out of time.
  Task<Result<transport::Connection*>> acquire(LayerCall& call);
  // Call it when a stream has ended, and when one was opened: where there is room, the next waiting call has its turn.
  void next_turn() {
    if (waiting_.size() != 0) pass_turn();
  }

  void shutdown();
  LoopChannelReport report() const;
  Connectivity state() const { return state_; }
  OpenScratch& scratch() { return scratch_; }
  wire::Codec& codec() { return loop_.local<wire::Codec>(); }
  // Null: nobody counts.
  MemoryAccount* memory() { return memory_ ? &*memory_ : nullptr; }

 private:
  class Waiting : public CoWaiter, public detail::WaitQueue::Entry {
   public:
    Waiting(LoopChannel& of, CancelScope& scope) : of_(of), scope_(scope) {}
    ~Waiting() { give_back_turn(); }
    // It opens the next stream, whatever newcomers want.
    void give_turn() {
      has_turn_ = of_.turn_given_ = true;
      wake();
    }
    bool await_ready() const noexcept { return scope_.cancelled(); }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) {
      of_.waiting_.push(*this);
      suspend(h, &scope_);
    }
    void await_resume() {
      done();
      leave();
      give_back_turn();
    }

   private:
    void give_back_turn() {
      if (std::exchange(has_turn_, false)) of_.turn_given_ = false;
    }
    LoopChannel& of_;
    CancelScope& scope_;
    bool has_turn_ = false;
  };

  void on_ready(transport::Connection& connection) override;
  void on_draining(transport::Connection& connection) override;
  void on_capacity(transport::Connection&) override { next_turn(); }
  void on_too_many_pings(transport::Connection& connection) override;
  void on_closed(transport::Connection& connection, std::string_view reason) override;

  void pass_turn();
  transport::Connection* open_one() { return current_ && current_->can_open() ? current_.get() : nullptr; }
  void connect();
  static Root connecting(std::shared_ptr<LoopChannel> self);
  Task<Status> attempt();
  void failed(Status status);
  void backed_off();
  void wake_all();
  Duration next_delay();

  struct Retry : Timer {
    explicit Retry(LoopChannel& of)
        : Timer([](Timer* t) noexcept { static_cast<Retry*>(t)->channel.backed_off(); }), channel(of) {}
    LoopChannel& channel;
  };

  Loop& loop_;
  std::shared_ptr<Dialer> dialer_;
  std::shared_ptr<const ChannelOptions> options_;
  std::shared_ptr<KeepaliveTime> keepalive_time_;                 // in place of the one in options_
  CancelScope scope_;                                             // of what connects
  std::optional<MemoryAccount> memory_;                           // before all that charges it
  std::unique_ptr<transport::Connection> current_;                // connecting (until SETTINGS came) or ready
  std::vector<std::unique_ptr<transport::Connection>> draining_;  // their calls end there
  detail::WaitQueue waiting_;                                     // of Waiting, oldest first
  bool turn_given_ = false;                                       // to one that has not resumed yet
  OpenScratch scratch_;
  Connectivity state_ = Connectivity::idle;
  Status last_error_;
  Retry retry_{*this};
  TimePoint attempt_started_;
  int failures_ = 0;  // in a row
  std::uint64_t attempts_failed_ = 0;
};

}  // namespace pintle::client

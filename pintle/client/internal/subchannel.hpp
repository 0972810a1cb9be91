// One endpoint on one loop: its connections, its connectivity state, its backoff, and the calls that wait for a stream.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <pintle/async/event.hpp>
#include <pintle/async/task.hpp>
#include <pintle/client/balancer.hpp>
#include <pintle/client/internal/health_watch.hpp>
#include <pintle/client/internal/keepalive_time.hpp>
#include <pintle/client/internal/subchannel_metrics.hpp>
#include <pintle/client/options.hpp>
#include <pintle/rpc/inspect.hpp>
#include <pintle/rpc/layer_call.hpp>
#include <pintle/transport/connection.hpp>

namespace pintle::client {

class EndpointSubchannel;
class LoopChannel;

// What all loops of a channel share.
struct Common {
  Common(std::shared_ptr<Dialer> d, ChannelOptions o, std::string_view target)
      : dialer(std::move(d)),
        options(std::move(o)),
        keepalive_time(options.connection.keepalive.time),
        metrics(options.meters, target.empty() ? options.authority : target) {}
  const std::shared_ptr<Dialer> dialer;
  const ChannelOptions options;
  mutable KeepaliveTime keepalive_time;  // in place of the one in options
  const SubchannelMetrics metrics;
  // The head of a health watch; null: nobody watches.
  std::unique_ptr<const transport::PreparedBlock> health_head;
};

// What the subchannels of one loop share. It outlives them.
class SubchannelOwner {
 public:
  SubchannelOwner(Loop& on, std::shared_ptr<const Common> of_all)
      : loop(on), common(std::move(of_all)), options(common->options), metrics(common->metrics) {}

  // Its state has changed, or one that leave()s has let go of something.
  virtual void on_changed(EndpointSubchannel& subchannel) = 0;
  // Null: nobody counts.
  virtual transport::MemoryGuard* memory() = 0;
  // Holds the owner for as long as something is under way.
  virtual std::shared_ptr<void> keep() = 0;
  // Through which health watches go.
  virtual LoopChannel& health_channel() = 0;

  Loop& loop;
  const std::shared_ptr<const Common> common;
  const ChannelOptions& options;
  const SubchannelMetrics& metrics;
  // Somebody picks among several: calls that wait for one that is lost are picked again, and only connect() connects.
  // Else the one subchannel connects for those that wait.
  bool picks = false;
  std::size_t waiting = 0;  // calls, of all subchannels and of the channel itself

 protected:
  ~SubchannelOwner() = default;
};

// A call in one of the queues of a channel.
class Waiting : public CoWaiter, public detail::WaitQueue::Entry {
 public:
  // `turn`: what is true while it, or another of the queue, was told to open the next stream; null: no turns there.
  Waiting(SubchannelOwner& owner, detail::WaitQueue& queue, bool* turn, CancelScope& scope)
      : owner_(owner), queue_(queue), turn_(turn), scope_(scope) {}
  ~Waiting() {
    uncount();
    give_back_turn();
  }
  // It opens the next stream, whatever newcomers want.
  void give_turn() {
    has_turn_ = *turn_ = true;
    wake();
  }
  bool await_ready() const noexcept { return scope_.cancelled(); }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> h) {
    queue_.push(*this);
    ++owner_.waiting;
    counted_ = true;
    suspend(h, &scope_);
  }
  void await_resume() {
    done();
    leave();
    uncount();
    give_back_turn();
  }

 private:
  void give_back_turn() {
    if (std::exchange(has_turn_, false)) *turn_ = false;
  }
  void uncount() {
    if (std::exchange(counted_, false)) --owner_.waiting;
  }
  SubchannelOwner& owner_;
  detail::WaitQueue& queue_;
  bool* turn_;
  CancelScope& scope_;
  bool has_turn_ = false, counted_ = false;
};

// Resumes nobody: they look again after this turn, in their order.
inline void wake_all(detail::WaitQueue& queue) {
  while (auto* first = queue.first()) {
    first->leave();
    static_cast<Waiting*>(first)->wake();
  }
}

// Loop's thread only, but for the constructor. Shared with the coroutines that connect and watch. Where every
// connection has as many streams as its peer allows, another one is made, up to ChannelOptions::max_connections; the
// first one with room has the next call, so that those which are not needed any more become idle and close.
class EndpointSubchannel final : public Subchannel,
                                 transport::ConnectionOwner,
                                 public std::enable_shared_from_this<EndpointSubchannel> {
 public:
  EndpointSubchannel(SubchannelOwner& owner, Endpoint endpoint) : owner_(owner), endpoint_(std::move(endpoint)) {}

  const Endpoint& endpoint() const override { return endpoint_; }
  // What the server says of its health counts, where somebody asks (gRFC A17).
  Connectivity state() const override { return state_ == Connectivity::ready && health_ ? health_->state() : state_; }
  const Status& last_error() const override {
    return state_ == Connectivity::ready && health_ ? health_->error() : last_error_;
  }
  void connect() override;

  // The connection on which a call can open a stream at once; null: others may wait here already.
  transport::Connection* pick() { return waiting_.size() == 0 && !turn_given_ ? open_one() : nullptr; }
  // The same for a call that has waited here.
  transport::Connection* open_one() {
    if (first_ != nullptr && first_->can_open()) [[likely]]
      return first_;
    return connections_.size() > 1 ? open_another() : nullptr;
  }

  // Waits for a connection with room for `call`, connecting where need be. UNAVAILABLE in TRANSIENT_FAILURE unless the
  // call waits for ready; RESOURCE_EXHAUSTED when max_waiting calls wait already; the call's own status when it is
  // cancelled or out of time.
  Task<Result<transport::Connection*>> acquire(LayerCall& call);
  // Waits in line for a turn, once; room is made for it where it may.
  Waiting in_line(LayerCall& call) {
    grow();
    return Waiting(owner_, waiting_, &turn_given_, call.scope);
  }
  // Call it when a stream has ended, and when one was opened: where there is room, the next waiting call has its turn.
  void next_turn() {
    if (waiting_.size() != 0) pass_turn();
  }

  // No new calls; those that wait for it look again.
  void leave();
  // After leave(): nothing of it is used any more.
  bool gone() const { return held_ == 0 && connecting_ == nullptr && connections_.empty() && draining_.empty(); }
  // Calls that will tell its balancer how they end.
  void hold() { ++held_; }
  void let_go() {
    if (--held_ == 0 && state_ == Connectivity::shutdown) owner_.on_changed(*this);
  }
  // `status` of a call that waited here, with what is known of why.
  Status explained(Status status) const;
  // Adds what it has to `report`.
  void add_to(LoopChannelReport& report) const;

 private:
  void on_ready(transport::Connection& connection) override;
  void on_draining(transport::Connection& connection) override;
  void on_capacity(transport::Connection&) override { next_turn(); }
  void on_too_many_pings(transport::Connection& connection) override;
  void on_closed(transport::Connection& connection, std::string_view reason) override;

  void pass_turn();
  transport::Connection* open_another();
  void connections_changed() { first_ = connections_.empty() ? nullptr : connections_.front().get(); }
  // `owner`: keeps it.
  static Root dialing(std::shared_ptr<void> owner, std::shared_ptr<EndpointSubchannel> self);
  Task<Status> attempt();
  Root prepared();
  void begin(Root attempt);
  void grow();
  void change(Connectivity state);
  // It has no connection any more. `wanted`: somebody would have it connect.
  void idle(bool wanted);
  void failed(Status status);
  void backed_off();
  void watch_health();
  // One that was READY is not any more, and `connections_` knows.
  void lost_one(const transport::Connection& connection);
  Duration next_delay();

  struct Retry : Timer {
    explicit Retry(EndpointSubchannel& of)
        : Timer([](Timer* t) noexcept { static_cast<Retry*>(t)->subchannel.backed_off(); }), subchannel(of) {}
    EndpointSubchannel& subchannel;
  };

  SubchannelOwner& owner_;
  const Endpoint endpoint_;
  CancelScope scope_;                                                // of what connects
  std::unique_ptr<transport::Connection> connecting_;                // until its SETTINGS come
  std::vector<std::unique_ptr<transport::Connection>> connections_;  // READY, oldest first
  transport::Connection* first_ = nullptr;                           // of those
  std::vector<std::unique_ptr<transport::Connection>> draining_;     // their calls end there
  std::optional<HealthWatch> health_;                                // while READY
  detail::WaitQueue waiting_;                                        // of Waiting, oldest first
  bool turn_given_ = false;                                          // to one that has not resumed yet
  bool dialing_ = false;                                             // an attempt is under way, connecting_ included
  Connectivity state_ = Connectivity::idle;
  Status last_error_;
  Retry retry_{*this};  // in TRANSIENT_FAILURE, or READY when growing has failed
  TimePoint attempt_started_;
  int failures_ = 0;  // in a row
  std::uint64_t attempts_failed_ = 0;
  std::size_t held_ = 0;
};

// RESOURCE_EXHAUSTED, for a call above max_waiting.
Status too_many_wait(std::size_t waiting);

// For people: "idle", "connecting", ...
std::string_view state_name(Connectivity state);

}  // namespace pintle::client

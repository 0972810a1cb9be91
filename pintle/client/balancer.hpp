// Which endpoint a call goes to: the seam for policies (pick_first, round_robin, outlier detection, ...).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include <pintle/async/loop.hpp>
#include <pintle/base/observe.hpp>
#include <pintle/base/random.hpp>
#include <pintle/base/status.hpp>
#include <pintle/client/endpoint.hpp>
#include <pintle/rpc/layer_call.hpp>

namespace pintle {

// Of a subchannel (grpc/doc/connectivity-semantics-and-api.md); READY is the peer's SETTINGS, not the TCP handshake:
//
//            connect()              SETTINGS
//     IDLE ------------> CONNECTING ----------> READY
//      ^ ^                   |                    |
//      | |                   | failed             | lost, GOAWAY, idle
//      | |                   v                    |
//      | +--------- TRANSIENT_FAILURE             |
//      |   backoff                                |
//      +------------------------------------------+
//
// SHUTDOWN can be entered from each of them, and never left.
enum class Connectivity : std::uint8_t { idle, connecting, ready, transient_failure, shutdown };

// One endpoint on one loop, with its connection. That loop's thread only.
class Subchannel {
 public:
  virtual const Endpoint& endpoint() const = 0;
  virtual Connectivity state() const = 0;
  virtual const Status& last_error() const = 0;  // of connecting; OK: it never failed
  // From IDLE to CONNECTING; nothing in other states. Nobody else connects: a balancer that wants a subchannel READY
  // asks for it again whenever it is IDLE.
  virtual void connect() = 0;

 protected:
  ~Subchannel() = default;
};

// What becomes of a call.
class Pick {
 public:
  // It goes there. Where there is no room for a stream it waits in line; where the subchannel is not READY any more it
  // is picked again.
  static Pick to(Subchannel& subchannel) { return {Kind::subchannel, &subchannel, {}}; }
  // It is picked again when something changes (Balancer::update(), BalancerHost::pick_again()).
  static Pick wait() { return {Kind::wait, nullptr, {}}; }
  // It ends with `status`, or, where it waits for ready, waits as above.
  static Pick fail(Status status) { return {Kind::fail, nullptr, std::move(status)}; }
  // It ends with `status` in any case.
  static Pick drop(Status status) { return {Kind::drop, nullptr, std::move(status)}; }

  enum class Kind : std::uint8_t { subchannel, wait, fail, drop };
  Kind kind() const { return kind_; }
  Subchannel* subchannel() const { return subchannel_; }
  const Status& status() const { return status_; }

 private:
  Pick(Kind kind, Subchannel* subchannel, Status status)
      : kind_(kind), subchannel_(subchannel), status_(std::move(status)) {}
  Kind kind_;
  Subchannel* subchannel_;
  Status status_;
};

// How a call that was sent to a subchannel ended there.
struct PickOutcome {
  PickOutcome() = default;
  Status status;        // the call's; UNAVAILABLE where the subchannel went away before there was a stream
  bool opened = false;  // it had a stream
  // A byte of it left this client (Facts::left_client).
  bool left_client = false;
};

// What a balancer has of its channel.
class BalancerHost {
 public:
  virtual Loop& loop() = 0;
  virtual const Random& random() const = 0;
  virtual const Logger& log() const = 0;
  // Calls that wait are picked again, after this turn: for balancers that change their minds by themselves.
  virtual void pick_again() = 0;

 protected:
  ~BalancerHost() = default;
};

// A policy on one loop of a channel. That loop's thread only: it needs no locks, and may keep what it likes between its
// calls. It must not throw.
class Balancer {
 public:
  virtual ~Balancer() = default;
  // The subchannels, in the resolver's order, or one's state has changed. A subchannel that is missing from now on is
  // drained: it lives until its calls have ended, but must not be picked. Several changes may come as one. Calls that
  // wait are picked again afterwards.
  virtual void update(std::span<Subchannel* const> subchannels) = 0;
  // Once per call, and again whenever it has waited; never before there are subchannels.
  virtual Pick pick(LayerCall& call) = 0;
  // Exactly once for each Pick::to(), when the call has ended on that subchannel, in whatever way.
  virtual void on_done(Subchannel& subchannel, const LayerCall& call, const PickOutcome& outcome) {
    (void)subchannel, (void)call, (void)outcome;
  }
};

// Makes the balancers of a channel, one for each loop, on its thread. `host` outlives them.
class BalancerFactory {
 public:
  virtual ~BalancerFactory() = default;
  virtual std::unique_ptr<Balancer> make(BalancerHost& host) const = 0;
};

}  // namespace pintle

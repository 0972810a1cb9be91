// Client-side health checking (gRFC A17): what a connection's server says of its own health.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <pintle/async/cancel.hpp>
#include <pintle/async/task.hpp>
#include <pintle/client/balancer.hpp>

namespace pintle::transport {
class Connection;
}

namespace pintle::client {

class LoopChannel;
struct Common;

//   CONNECTING --SERVING--> READY <--SERVING / anything else--> TRANSIENT_FAILURE
//
// A server without the method is taken for healthy and not asked again. A watch that ends in another way is a failure,
// and is begun again after the channel's backoff, which a message resets. Loop's thread only; the connection outlives
// it.
class HealthWatch {
 public:
  // `on_change` is called when state() or error() is another, never from inside the constructor.
  HealthWatch(Loop& loop, transport::Connection& connection, const Common& common, LoopChannel& channel,
              std::function<void()> on_change);
  HealthWatch(const HealthWatch&) = delete;
  ~HealthWatch();

  // `owner` and `subchannel` are kept for as long as something is under way.
  void start(std::shared_ptr<void> owner, std::shared_ptr<void> subchannel);
  Connectivity state() const;
  const Status& error() const;

 private:
  struct State;
  static Root run(std::shared_ptr<void> owner, std::shared_ptr<void> subchannel, std::shared_ptr<State> state);
  static Task<Status> watch(State& state);
  const std::shared_ptr<State> state_;
};

}  // namespace pintle::client

// A channel whose calls go straight into the handlers of services of the same process: no bytes on a wire, no threads,
// nothing to connect. For tests of handlers; what a wire does to a call, InMemoryServer shows.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include <pintle/rpc/chain.hpp>
#include <pintle/rpc/handler.hpp>

namespace pintle::testing {

// Request metadata reach the handler, and its head, messages, trailers and status the caller, as they are. The
// handler's call dies with the caller's and has its deadline. Messages are handed on as objects.
class DirectChannel : public Channel {
 public:
  // What unary handlers find: an object to fill, as on a server, or none, so that they return one.
  enum class Replies : std::uint8_t { pooled, by_value };

  // Calls run on `loop`. The service must outlive the channel. `layers` stand around each handler as a server's would;
  // throws std::invalid_argument when they can't be put in an order.
  DirectChannel(Service& service, Loop& loop, std::vector<std::shared_ptr<const Layer>> layers = {},
                Replies replies = Replies::pooled);
  DirectChannel(const DirectChannel&) = delete;
  ~DirectChannel() override;

  // Throws std::out_of_range when the service has no such method.
  Handler& method(const MethodInfo& method) override;
  Loop& loop() override { return loop_; }

 private:
  class Method;

  Loop& loop_;
  std::vector<std::shared_ptr<const Layer>> layers_;
  std::map<std::string_view, std::unique_ptr<Method>> methods_;  // by path
};

}  // namespace pintle::testing

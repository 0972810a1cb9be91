// Where a target is served: endpoints, who finds them, and who connects to them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <pintle/async/task.hpp>
#include <pintle/base/clock.hpp>
#include <pintle/net/address.hpp>
#include <pintle/net/byte_stream.hpp>

namespace pintle {

// One server of a target. Two with the same addresses and attributes are the same one.
struct Endpoint {
  Endpoint() = default;
  std::vector<net::SockAddress> addresses;        // tried in their order; empty: the dialer knows where the target is
  std::map<std::string, std::string> attributes;  // for balancers: zone, weight, ...
  friend bool operator==(const Endpoint& a, const Endpoint& b) = default;
};

// Finds the endpoints of one target and tells when they change. Shared by the loops of a channel.
class EndpointResolver {
 public:
  // Called on the thread of the loop that watches, never from inside watch() or refresh(), nor after the Watch is gone.
  class Listener {
   public:
    // All of them, in place of those before. None: calls fail until there are some.
    virtual void on_endpoints(std::vector<Endpoint> endpoints) = 0;
    // The last good endpoints stay in use. Without any, calls fail with UNAVAILABLE and this message, or wait for
    // ready.
    virtual void on_error(Status status) = 0;

   protected:
    ~Listener() = default;
  };

  // Its destructor ends the watching. That loop's thread only.
  class Watch {
   public:
    virtual ~Watch() = default;
    // A connection failed or was lost: what is known may be stale. A hint, and often: the resolver limits its rate. It
    // tries again after an error without being asked.
    virtual void refresh() = 0;
  };

  virtual ~EndpointResolver() = default;
  // Called at the first call on each loop, on its thread; the listener outlives the watch.
  virtual std::unique_ptr<Watch> watch(Loop& loop, Listener& listener) = 0;
};

// Makes connections to the endpoints of one target. Called on any loop; the task runs there, and `endpoint` outlives
// it.
class Dialer {
 public:
  virtual Task<Result<std::unique_ptr<net::ByteStream>>> dial(Loop& loop, const Endpoint& endpoint,
                                                              Deadline deadline) = 0;
  virtual ~Dialer() = default;
};

}  // namespace pintle

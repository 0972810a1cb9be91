// From a host name to its addresses.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <pintle/async/task.hpp>
#include <pintle/base/status.hpp>
#include <pintle/net/address.hpp>

namespace pintle::net {

// Any loop may use it; it outlives its tasks.
class Resolver {
 public:
  virtual ~Resolver() = default;
  // At least one address, in the order in which they should be tried, or UNAVAILABLE with the reason; the status of the
  // scope when it is cancelled.
  virtual Task<Result<std::vector<SockAddress>>> resolve(std::string host, std::uint16_t port) = 0;
};

// getaddrinfo() on the loop's worker pool: /etc/hosts, nsswitch.conf and the order of RFC 6724. A lookup that has
// started is awaited to its end.
class SystemResolver final : public Resolver {
 public:
  Task<Result<std::vector<SockAddress>>> resolve(std::string host, std::uint16_t port) override;
};

}  // namespace pintle::net

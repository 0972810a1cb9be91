// From a host name to its addresses by asking name servers ourselves (c-ares): with the time for which an answer is
// good, and from a name server of one's own choice.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/net/resolver.hpp>

namespace pintle::net {

struct DnsOptions {
  DnsOptions() = default;
  // "10.0.0.2", "10.0.0.2:5353", "[::1]:53". Empty: those of /etc/resolv.conf, and /etc/hosts before them.
  std::string server;
  Duration timeout = std::chrono::seconds(2);  // of the first try; each next one has more
  int tries = 3;
};

struct DnsAnswer {
  DnsAnswer() = default;
  std::vector<SockAddress> addresses;  // at least one, in the order of RFC 6724
  Duration ttl{};                      // for how long it is good; zero: nobody said
};

// Any loop of a runtime may use it; it outlives its tasks. A lookup lives on its loop, takes no thread, and ends at
// once when its scope is cancelled.
class DnsResolver final : public Resolver {
 public:
  explicit DnsResolver(DnsOptions options = {}) : options_(std::move(options)) {}
  // INVALID_ARGUMENT where `server` can't be read.
  static Status check_server(std::string_view server);

  Task<Result<std::vector<SockAddress>>> resolve(std::string host, std::uint16_t port) override;
  // A and AAAA together. UNAVAILABLE with the reason; the status of the scope when it is cancelled.
  Task<Result<DnsAnswer>> look_up(std::string host, std::uint16_t port) const;

 private:
  const DnsOptions options_;
};

}  // namespace pintle::net

// HTTP/1.1 for operators, probes and scrapes: the pages on a port of their own, by a thread of its own, so that a loop
// that hangs can be seen from outside.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <pintle/base/observe.hpp>
#include <pintle/base/status.hpp>
#include <pintle/services/admin/admin_pages.hpp>

namespace pintle {

struct AdminPort {
  AdminPort() = default;
  AdminPort(std::string h, std::uint16_t p, AdminPages shown) : host(std::move(h)), port(p), pages(std::move(shown)) {}
  std::string host = "127.0.0.1";  // an IP address
  std::uint16_t port = 0;          // 0: the system picks one
  AdminPages pages;
};

struct AdminLimits {
  AdminLimits() = default;
  std::size_t max_connections = 64;                              // of all ports; one more is closed at once
  std::size_t max_header = 16 * 1024, max_body = 64 * 1024;      // bytes: 431 and 413 above
  std::chrono::milliseconds timeout = std::chrono::seconds(10);  // for a request to come and an answer to be taken
};

// Any thread.
class AdminServer {
 public:
  // Listens on all of them and serves until it is destroyed. UNAVAILABLE with the system's reason and the address when
  // it can't listen; INVALID_ARGUMENT when a host is no IP address.
  static Result<std::unique_ptr<AdminServer>> start(std::vector<AdminPort> ports, Logger log, AdminLimits limits = {});
  AdminServer(const AdminServer&) = delete;
  ~AdminServer();

  // Where it listens, "127.0.0.1:9901", in the order of the ports.
  const std::vector<std::string>& addresses() const;

 private:
  struct Impl;
  explicit AdminServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace pintle

// Through an HTTP proxy to where one can't connect oneself (CONNECT, RFC 9110 section 9.3.6), as the environment says.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/async/task.hpp>
#include <pintle/base/clock.hpp>
#include <pintle/base/status.hpp>
#include <pintle/net/byte_stream.hpp>

namespace pintle::net {

// Whom to ask, and for whom not. A value type.
class HttpProxy {
 public:
  // Of the variables grpc_proxy, https_proxy and http_proxy the first that is set, and of no_grpc_proxy and no_proxy
  // (grpc/doc/environment_variables.md). Nothing where none is set; INVALID_ARGUMENT, which names the variable, where
  // one is no http:// URL.
  using Lookup = std::function<std::optional<std::string>(const char* variable)>;
  static Result<std::optional<HttpProxy>> from_environment(const Lookup& lookup);

  // `url`: "http://[user:password@]host[:port]". `exempt`: separated by commas: names ("example.com", and all below
  // it), addresses, ranges ("10.0.0.0/8"), "*".
  static Result<HttpProxy> parse(std::string_view url, std::string_view exempt = {});

  // Whether connections to this name or address go through it. Those to this machine (localhost, 127.0.0.0/8, ::1)
  // never do.
  bool covers(std::string_view host) const;

  const std::string& host() const { return host_; }
  std::uint16_t port() const { return port_; }
  // The value of proxy-authorization; empty: none.
  const std::string& authorization() const { return authorization_; }

 private:
  HttpProxy() = default;
  std::string host_;
  std::uint16_t port_ = 0;
  std::string authorization_;
  std::vector<std::string> exempt_;  // in small letters, without a dot in front
};

// `stream`, which is connected to the proxy, becomes one to `target` ("host:port"). UNAVAILABLE with the proxy's answer
// where that is no 2xx; DEADLINE_EXCEEDED; the status of the scope. Nothing that comes after the answer is lost.
Task<Result<std::unique_ptr<ByteStream>>> connect_through(std::unique_ptr<ByteStream> stream, const HttpProxy& proxy,
                                                          std::string target, Deadline deadline);

}  // namespace pintle::net

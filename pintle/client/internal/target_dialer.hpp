// Makes the connections of a channel to a target: looks it up, asks a proxy, speaks TLS.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <pintle/client/endpoint.hpp>
#include <pintle/client/internal/happy_eyeballs.hpp>
#include <pintle/net/http_proxy.hpp>
#include <pintle/net/resolver.hpp>
#include <pintle/net/tls.hpp>

namespace pintle::client {

// Of the addresses of an endpoint, or of the target itself, the first that answers (happy_eyeballs.hpp). A proxy is
// asked for the target by its name, whatever the endpoint's addresses.
class TargetDialer final : public Dialer {
 public:
  // `host`: whom a TLS server must prove to be. `delay`: between two addresses.
  TargetDialer(net::Target target, std::shared_ptr<net::TlsClient> tls, std::string host, Duration delay,
               std::optional<net::HttpProxy> proxy);

  Task<Result<std::unique_ptr<net::ByteStream>>> dial(Loop& loop, const Endpoint& endpoint, Deadline deadline) override;

 private:
  Task<Result<std::vector<net::SockAddress>>> addresses_of(const Endpoint& endpoint) const;
  Task<Connected> connect(net::SockAddress address, Deadline deadline) const;

  const net::Target target_;
  const std::shared_ptr<net::TlsClient> tls_;
  const std::string host_;
  const Duration delay_;
  const std::optional<net::HttpProxy> proxy_;
  const std::unique_ptr<net::Resolver> resolver_;
};

}  // namespace pintle::client

#include <pintle/client/internal/target_dialer.hpp>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <pintle/net/connector.hpp>
#include <pintle/net/dns_resolver.hpp>
#include <pintle/net/tls_connector.hpp>

namespace pintle::client {

namespace {

std::unique_ptr<net::Resolver> resolver_of(const std::string& name_server) {
  if (name_server.empty()) return std::make_unique<net::SystemResolver>();
  net::DnsOptions options;
  options.server = name_server;
  return std::make_unique<net::DnsResolver>(std::move(options));
}

}  // namespace

TargetDialer::TargetDialer(net::Target target, std::shared_ptr<net::TlsClient> tls, std::string host, Duration delay,
                           std::optional<net::HttpProxy> proxy)
    : target_(std::move(target)),
      tls_(std::move(tls)),
      host_(std::move(host)),
      delay_(std::clamp<Duration>(delay, std::chrono::milliseconds(100), std::chrono::seconds(2))),
      proxy_(std::move(proxy)),
      resolver_(resolver_of(target_.authority)) {}

Task<Result<std::vector<net::SockAddress>>> TargetDialer::addresses_of(const Endpoint& endpoint) const {
  if (proxy_) co_return co_await resolver_->resolve(proxy_->host(), proxy_->port());
  if (!endpoint.addresses.empty()) co_return endpoint.addresses;
  if (!target_.addresses.empty()) co_return target_.addresses;
  co_return co_await resolver_->resolve(target_.host, target_.port);
}

Task<Result<std::unique_ptr<net::ByteStream>>> TargetDialer::dial(Loop&, const Endpoint& endpoint, Deadline deadline) {
  auto addresses = co_await addresses_of(endpoint);
  if (!addresses) co_return std::unexpected(std::move(addresses).error());
  if (addresses->size() == 1) co_return co_await connect(addresses->front(), deadline);
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): it is kept until all that it began has ended
  auto one = [this, deadline](const net::SockAddress& address) -> Task<Connected> {
    co_return co_await connect(address, deadline);
  };
  co_return co_await first_to_connect(std::move(*addresses), delay_, std::move(one));
}

Task<Connected> TargetDialer::connect(net::SockAddress address, Deadline deadline) const {
  Connected stream = co_await net::connect(address, deadline);
  if (stream && proxy_)
    stream = co_await net::connect_through(std::move(*stream), *proxy_,
                                           fmt::format("{}:{}", target_.host, target_.port), deadline);
  if (stream && tls_ != nullptr) stream = co_await net::tls_connect(tls_, std::move(*stream), host_, deadline);
  co_return stream;
}

}  // namespace pintle::client

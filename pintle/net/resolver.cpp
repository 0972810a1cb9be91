#include <pintle/net/resolver.hpp>

#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include <netdb.h>

#include <pintle/async/blocking.hpp>

namespace pintle::net {
namespace {

using Addresses = std::vector<SockAddress>;

Result<Addresses> look_up(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  const int system = errno;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, [](addrinfo* l) {
    if (l != nullptr) ::freeaddrinfo(l);
  });
  if (error != 0) {
    const std::string why = error == EAI_SYSTEM ? std::generic_category().message(system) : ::gai_strerror(error);
    return std::unexpected(
        Status(Code::unavailable, fmt::format("can't resolve '{}': {}", host, why), Origin::library));
  }
  Addresses addresses;
  for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
    if (a->ai_family == AF_INET || a->ai_family == AF_INET6) addresses.emplace_back(a->ai_addr, a->ai_addrlen);
  }
  if (addresses.empty())
    return std::unexpected(Status(Code::unavailable, fmt::format("'{}' has no addresses", host), Origin::library));
  return addresses;
}

}  // namespace

Task<Result<Addresses>> SystemResolver::resolve(std::string host, std::uint16_t port) {
  if (auto address = SockAddress::from_ip(host, port)) co_return Addresses{*address};
  co_return co_await blocking(look_up, std::move(host), port);
}

}  // namespace pintle::net

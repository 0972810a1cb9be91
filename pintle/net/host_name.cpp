#include <pintle/net/host_name.hpp>

#include <algorithm>

#include <pintle/net/address.hpp>

namespace pintle::net {

HostName::HostName(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const std::size_t zone = host.contains(':') ? host.find('%') : std::string_view::npos;
  if (const auto address = SockAddress::from_ip(host.substr(0, zone), 0)) {
    is_address = true;
    certificate = address->ip();
    authority = certificate.contains(':') ? '[' + certificate + ']' : certificate;
    return;
  }
  authority = host;
  std::ranges::transform(authority, authority.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
  certificate = authority.ends_with('.') ? authority.substr(0, authority.size() - 1) : authority;
  sni = certificate;
}

}  // namespace pintle::net

// The host of a target, in the form that each of its readers wants.
#pragma once

#include <string>
#include <string_view>

namespace pintle::net {

// A value type.
struct HostName {
  // `host` as somebody wrote it: "Shop.Example.", "192.0.2.1", "::1", "[::1]", "fe80::1%eth0". What is no address is
  // taken for a DNS name; nobody is asked whether it is one.
  explicit HostName(std::string_view host);

  bool is_address = false;  // IPv4 or IPv6
  // ":authority" and Host: lower case; an IPv6 address in brackets (RFC 3986 section 3.2.2), as RFC 5952 writes it, and
  // without its zone, which means something on this machine only (RFC 6874 section 4).
  std::string authority;
  // What the server's certificate must hold, as iPAddress or as dNSName: without brackets, zone and trailing dot
  // (RFC 9525 sections 6.3 and 6.5, RFC 6125 section 6.4).
  std::string certificate;
  // What SNI says: a DNS name without trailing dot; empty, so that SNI is left out, for addresses (RFC 6066 section 3).
  std::string sni;
};

}  // namespace pintle::net

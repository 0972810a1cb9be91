// Addresses as gRPC writes them, and the socket addresses that they become.
//
// Naming: grpc/doc/naming.md. Besides its schemes this reads "host:port" and "[::1]:port" (as dns) and
// "unix-abstract:name".
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>

#include <pintle/base/status.hpp>

namespace pintle::net {

// One socket address: IPv4, IPv6, or a unix socket by path or abstract name. A value type.
class SockAddress {
 public:
  SockAddress() = default;
  // Copies what accept(), getsockname() or getaddrinfo() gave.
  SockAddress(const sockaddr* address, socklen_t size);

  // A numeric host: "127.0.0.1", "::1", "fe80::1%eth0". INVALID_ARGUMENT when it is none.
  static Result<SockAddress> from_ip(std::string_view host, std::uint16_t port);
  // INVALID_ARGUMENT when the path is empty or longer than a unix address holds (107 bytes).
  static Result<SockAddress> from_unix_path(std::string_view path);
  static Result<SockAddress> from_unix_abstract(std::string_view name);

  const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const noexcept { return size_; }
  int family() const noexcept { return storage_.ss_family; }
  bool is_unix() const noexcept { return family() == AF_UNIX; }
  // The file of a unix socket; empty for all others, abstract and unnamed ones included.
  std::string_view unix_path() const noexcept;

  std::uint16_t port() const noexcept;  // 0 for unix sockets
  SockAddress with_port(std::uint16_t port) const noexcept;
  // "127.0.0.1", "::1"; empty for unix sockets.
  std::string ip() const;
  // "ipv4:127.0.0.1:50051", "ipv6:[::1]:50051", "unix:/path", "unix-abstract:name", "unix:" for an unnamed peer.
  std::string to_string() const;

  friend bool operator==(const SockAddress& a, const SockAddress& b) noexcept;

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

// What a target names: addresses, or a host to resolve.
struct Target {
  Target() = default;
  enum class Kind : std::uint8_t { addresses, dns };
  Kind kind = Kind::dns;
  std::vector<SockAddress> addresses;  // kind addresses: at least one
  std::string authority;               // dns: the name server to ask, "" for the system's
  std::string host;                    // dns: without brackets
  std::uint16_t port = 0;
  std::string default_authority;  // ":authority" by default: "host:port" (host_name.hpp), "localhost" for unix
};

// Reads "host:port", "dns:[//authority/]host[:port]", "ipv4:a:p[,b:p...]", "ipv6:[a]:p[,...]", "unix:path",
// "unix:///absolute/path", "unix-abstract:name". A missing port is `default_port` (grpc/doc/naming.md says 443).
// INVALID_ARGUMENT names the part that is wrong.
Result<Target> parse_target(std::string_view text, std::uint16_t default_port = 443);

// Where to listen: an address of the above that needs no name server; "host:port" must have a numeric host, or be
// "localhost:port" (IPv4's), ":port" or "*:port" (all interfaces, IPv6 and IPv4).
Result<SockAddress> parse_listen_address(std::string_view text);

// "host:port", "[v6]:port", "host": the port is `default_port` when there is none; "" and "a:b:c" are errors, a bare
// IPv6 address is a host.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
  bool has_port = false;
};
Result<HostPort> split_host_port(std::string_view text, std::uint16_t default_port);

}  // namespace pintle::net

#include <pintle/net/address.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <pintle/net/host_name.hpp>

namespace pintle::net {
namespace {

constexpr std::size_t kUnixRoom = sizeof(sockaddr_un::sun_path);
constexpr socklen_t kUnixHead = offsetof(sockaddr_un, sun_path);

Result<std::uint16_t> parse_port(std::string_view text, std::string_view whole) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size())
    return invalid_argument("'{}' in '{}' is not a port from 0 to 65535", text, whole);
  return port;
}

bool is_ip(std::string_view host) { return SockAddress::from_ip(host, 0).has_value(); }

std::string join(std::string_view host, std::uint16_t port) {
  return fmt::format("{}:{}", HostName(host).authority, port);
}

Result<Target> one_address(Result<SockAddress> address, std::string authority) {
  if (!address) return std::unexpected(address.error());
  Target t;
  t.kind = Target::Kind::addresses;
  t.addresses.push_back(*address);
  t.default_authority = std::move(authority);
  return t;
}

Result<Target> ip_list(std::string_view list, int family, std::uint16_t default_port, std::string_view whole) {
  Target t;
  t.kind = Target::Kind::addresses;
  for (;;) {
    const std::size_t comma = list.find(',');
    auto part = split_host_port(list.substr(0, comma), default_port);
    if (!part) return std::unexpected(part.error());
    auto address = SockAddress::from_ip(part->host, part->port);
    if (!address || address->family() != family)
      return invalid_argument("'{}' in '{}' is not an {} address", part->host, whole,
                              family == AF_INET ? "IPv4" : "IPv6");
    if (t.addresses.empty()) t.default_authority = join(part->host, part->port);
    t.addresses.push_back(*address);
    if (comma == std::string_view::npos) return t;
    list.remove_prefix(comma + 1);
  }
}

// The part of a "unix:" target that is the path: "unix:///abs" and "unix:path"; an authority is refused.
Result<std::string_view> unix_path_of(std::string_view rest, std::string_view whole) {
  if (!rest.starts_with("//")) return rest;
  rest.remove_prefix(2);
  if (!rest.starts_with('/')) return invalid_argument("'{}': after unix:// comes an absolute path", whole);
  return rest;
}

}  // namespace

SockAddress::SockAddress(const sockaddr* address, socklen_t size) : size_(std::min<socklen_t>(size, sizeof storage_)) {
  std::memcpy(&storage_, address, size_);
}

Result<SockAddress> SockAddress::from_ip(std::string_view host, std::uint16_t port) {
  const std::string text(host);
  sockaddr_in v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    return SockAddress(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  }
  sockaddr_in6 v6{};
  const std::size_t percent = text.find('%');
  if (::inet_pton(AF_INET6, text.substr(0, percent).c_str(), &v6.sin6_addr) != 1)
    return invalid_argument("'{}' is not an IP address", host);
  if (percent != std::string::npos) {
    const std::string zone = text.substr(percent + 1);
    const auto [end, error] = std::from_chars(zone.data(), zone.data() + zone.size(), v6.sin6_scope_id);
    if (error != std::errc() || end != zone.data() + zone.size()) v6.sin6_scope_id = ::if_nametoindex(zone.c_str());
    if (v6.sin6_scope_id == 0) return invalid_argument("'{}' names no network interface", host);
  }
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  return SockAddress(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
}

Result<SockAddress> SockAddress::from_unix_path(std::string_view path) {
  if (path.empty()) return invalid_argument("a unix socket needs a path");
  if (path.size() >= kUnixRoom || path.contains('\0'))
    return invalid_argument("a unix socket's path has at most {} bytes and no zero byte: '{}'", kUnixRoom - 1, path);
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path, path.data(), path.size());
  return SockAddress(reinterpret_cast<const sockaddr*>(&un), kUnixHead + static_cast<socklen_t>(path.size()) + 1);
}

Result<SockAddress> SockAddress::from_unix_abstract(std::string_view name) {
  if (name.empty() || name.size() >= kUnixRoom)
    return invalid_argument("an abstract unix socket's name has 1 to {} bytes: '{}'", kUnixRoom - 1, name);
  sockaddr_un un{};
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path + 1, name.data(), name.size());
  return SockAddress(reinterpret_cast<const sockaddr*>(&un), kUnixHead + 1 + static_cast<socklen_t>(name.size()));
}

std::string_view SockAddress::unix_path() const noexcept {
  if (!is_unix() || size_ <= kUnixHead) return {};
  const char* path = reinterpret_cast<const sockaddr_un*>(&storage_)->sun_path;
  return {path, ::strnlen(path, size_ - kUnixHead)};
}

std::uint16_t SockAddress::port() const noexcept {
  if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port);
  if (family() == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_port);
  return 0;
}

SockAddress SockAddress::with_port(std::uint16_t port) const noexcept {
  SockAddress other = *this;
  if (family() == AF_INET) reinterpret_cast<sockaddr_in*>(&other.storage_)->sin_port = htons(port);
  if (family() == AF_INET6) reinterpret_cast<sockaddr_in6*>(&other.storage_)->sin6_port = htons(port);
  return other;
}

std::string SockAddress::ip() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (family() == AF_INET)
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr, text, sizeof text);
  if (family() == AF_INET6) {
    const auto& v6 = *reinterpret_cast<const sockaddr_in6*>(&storage_);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    if (v6.sin6_scope_id != 0) return fmt::format("{}%{}", text, v6.sin6_scope_id);
  }
  return text;
}

std::string SockAddress::to_string() const {
  if (family() == AF_INET) return fmt::format("ipv4:{}:{}", ip(), port());
  if (family() == AF_INET6) return fmt::format("ipv6:[{}]:{}", ip(), port());
  if (!is_unix()) return "unknown:";
  const char* path = reinterpret_cast<const sockaddr_un*>(&storage_)->sun_path;
  if (size_ > kUnixHead + 1 && path[0] == '\0')
    return fmt::format("unix-abstract:{}", std::string_view(path + 1, size_ - kUnixHead - 1));
  return fmt::format("unix:{}", unix_path());
}

bool operator==(const SockAddress& a, const SockAddress& b) noexcept {
  return a.size_ == b.size_ && std::memcmp(&a.storage_, &b.storage_, a.size_) == 0;
}

Result<HostPort> split_host_port(std::string_view text, std::uint16_t default_port) {
  HostPort out;
  out.port = default_port;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return invalid_argument("'{}' has no closing bracket", text);
    out.host = text.substr(1, close - 1);
    if (!out.host.contains(':')) return invalid_argument("'{}': only an IPv6 address goes in brackets", text);
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return invalid_argument("'{}' has more after its bracket", text);
    out.has_port = !rest.empty();
    if (out.has_port) port = rest.substr(1);
  } else {
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos) {
      if (!is_ip(text)) return invalid_argument("'{}' is neither host:port nor an IPv6 address", text);
      out.host = text;  // an IPv6 address without brackets and port
    } else {
      out.host = text.substr(0, colon);
      out.has_port = colon != std::string_view::npos;
      if (out.has_port) port = text.substr(colon + 1);
    }
  }
  if (out.has_port) {
    auto number = parse_port(port, text);
    if (!number) return std::unexpected(number.error());
    out.port = *number;
  }
  return out;
}

Result<Target> parse_target(std::string_view text, std::uint16_t default_port) {
  const auto after = [&](std::string_view scheme) { return text.substr(scheme.size()); };
  if (text.starts_with("unix:")) {
    auto path = unix_path_of(after("unix:"), text);
    if (!path) return std::unexpected(path.error());
    return one_address(SockAddress::from_unix_path(*path), "localhost");
  }
  if (text.starts_with("unix-abstract:"))
    return one_address(SockAddress::from_unix_abstract(after("unix-abstract:")), "localhost");
  if (text.starts_with("ipv4:")) return ip_list(after("ipv4:"), AF_INET, default_port, text);
  if (text.starts_with("ipv6:")) return ip_list(after("ipv6:"), AF_INET6, default_port, text);

  Target t;
  std::string_view name = text;
  if (text.starts_with("dns:")) {
    name = after("dns:");
    if (name.starts_with("//")) {
      name.remove_prefix(2);
      const std::size_t slash = name.find('/');
      if (slash == std::string_view::npos) return invalid_argument("'{}' has no name: dns://authority/host:port", text);
      t.authority = name.substr(0, slash);
      name.remove_prefix(slash + 1);
    } else if (name.starts_with('/')) {
      name.remove_prefix(1);
    }
  } else if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    return invalid_argument("'{}': the scheme '{}' is none of dns, ipv4, ipv6, unix, unix-abstract", text,
                            text.substr(0, scheme));
  }
  auto part = split_host_port(name, default_port);
  if (!part) return std::unexpected(part.error());
  if (part->host.empty()) return invalid_argument("'{}' names no host", text);
  if (part->host.find_first_of("/ \t@?#") != std::string::npos)
    return invalid_argument("'{}' is not a host name, in '{}'", part->host, text);
  t.default_authority = join(part->host, part->port);
  t.host = std::move(part->host);
  t.port = part->port;
  if (auto address = SockAddress::from_ip(t.host, t.port)) {  // nothing to look up
    t.kind = Target::Kind::addresses;
    t.addresses.push_back(*address);
  }
  return t;
}

Result<SockAddress> parse_listen_address(std::string_view text) {
  const bool by_scheme = text.starts_with("unix:") || text.starts_with("unix-abstract:") || text.starts_with("ipv4:") ||
                         text.starts_with("ipv6:");
  if (by_scheme) {
    auto target = parse_target(text, 0);
    if (!target) return std::unexpected(target.error());
    if (target->addresses.size() != 1) return invalid_argument("'{}': one address to listen on, not several", text);
    return target->addresses.front();
  }
  auto part = split_host_port(text, 0);
  if (!part) return std::unexpected(part.error());
  if (!part->has_port) return invalid_argument("'{}' has no port (0 picks one)", text);
  if (part->host == "localhost") part->host = "127.0.0.1";
  if (part->host.empty() || part->host == "*") part->host = "::";
  auto address = SockAddress::from_ip(part->host, part->port);
  if (!address) return invalid_argument("'{}': listening needs an IP address, '*' or 'localhost'", text);
  return address;
}

}  // namespace pintle::net

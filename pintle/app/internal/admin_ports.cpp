#include <pintle/app/internal/admin_ports.hpp>

#include <charconv>
#include <string>
#include <utility>

#include <arpa/inet.h>

#include <pintle/config/v1/admin.pb.h>

namespace pintle {

namespace {

bool is_ip(const std::string& host) {
  in6_addr any{};
  return inet_pton(AF_INET, host.c_str(), &any) == 1 || inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

// "0.0.0.0:9902" or "[::]:9902".
std::optional<std::pair<std::string, std::uint16_t>> address_of(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (failed != std::errc() || end != digits.data() + digits.size() || !is_ip(std::string(host))) return std::nullopt;
  return std::pair(std::string(host), port);
}

}  // namespace

std::optional<ConfigError> faults_of(const config::v1::Admin& settings) {
  ConfigError error;
  if (settings.enabled() && !is_ip(settings.host())) {
    error.key = "admin.host";
    error.problem = "'" + settings.host() + "' is no IP address";
    error.mend = "write 127.0.0.1, or 0.0.0.0 for every interface";
    return error;
  }
  if (!settings.probes().empty() && !address_of(settings.probes())) {
    error.key = "admin.probes";
    error.problem = "'" + settings.probes() + "' is no IP address with a port";
    error.mend = "write 0.0.0.0:9902 or [::]:9902";
    return error;
  }
  return std::nullopt;
}

std::vector<AdminPort> admin_ports(const config::v1::Admin& settings, const ProcessView& process) {
  std::vector<AdminPort> ports;
  if (settings.enabled())
    ports.emplace_back(settings.host(), static_cast<std::uint16_t>(settings.port()), operator_pages(process));
  if (const auto probes = address_of(settings.probes()))
    ports.emplace_back(probes->first, probes->second, probe_pages(process));
  return ports;
}

}  // namespace pintle

// Where a process listens and how it speaks TLS: what the configuration says of the world outside, looked at. The start
// and --check-config both make it, so that what the one calls right the other takes.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include <pintle/app/config.hpp>
#include <pintle/net/address.hpp>
#include <pintle/net/tls.hpp>
#include <pintle/server/options.hpp>

namespace pintle::config::v1 {
class Client;
class ClientTls;
class Server;
}  // namespace pintle::config::v1

namespace pintle {

// One port.
struct Port {
  Port() = default;
  std::string key;  // "server", "server.listeners[0]"
  net::SockAddress address;
  ListenOptions options;
  Duration reload_interval = Duration::max();  // of options.tls
};

struct Endpoints {
  Endpoints() = default;
  std::vector<Port> ports;              // server.port first
  std::shared_ptr<net::TlsClient> tls;  // of channels; null: plaintext
};

// Every certificate, key and CA is read. At least one mistake per port and one of the client's are found at once; each
// names its key. `key_log_file` is what SSLKEYLOGFILE says. Blocks on the disk.
std::expected<Endpoints, std::vector<ConfigError>> endpoints(const config::v1::Server& server,
                                                             const config::v1::Client& client,
                                                             const std::string& key_log_file);

// What a channel speaks TLS with; null: plaintext. `where` is the key of `tls`. Blocks on the disk.
std::expected<std::shared_ptr<net::TlsClient>, ConfigError> tls_client(const config::v1::ClientTls& tls,
                                                                       const std::string& where,
                                                                       const std::string& key_log_file);

}  // namespace pintle

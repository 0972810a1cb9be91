// What the configuration's schema says, as the options that the rooms take.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <pintle/async/runtime.hpp>
#include <pintle/base/status.hpp>
#include <pintle/client/options.hpp>
#include <pintle/net/address.hpp>
#include <pintle/server/options.hpp>

namespace pintle::config::v1 {
class Client;
class Server;
}  // namespace pintle::config::v1

namespace pintle {

RuntimeOptions runtime_options(const config::v1::Server& server);
ServerOptions server_options(const config::v1::Server& server, Logger log);
ChannelOptions channel_options(const config::v1::Client& client, Logger log);

// Where the server listens, server.port first; the errors name the key. `key_log_file` is what SSLKEYLOGFILE says.
struct Place {
  Place() = default;
  std::string key;  // "server", "server.listeners[0]"
  net::SockAddress address;
  ListenOptions options;
  Duration reload_interval = Duration::max();  // of options.tls
};
Result<std::vector<Place>> places(const config::v1::Server& server, const std::string& key_log_file);

// Null when channels speak plaintext. INVALID_ARGUMENT names the key.
Result<std::shared_ptr<net::TlsClient>> tls_client(const config::v1::Client& client, const std::string& key_log_file);

}  // namespace pintle

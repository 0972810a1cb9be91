// The channels of a process, as its configuration has them.
#pragma once

#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/app/config.hpp>
#include <pintle/client/options.hpp>
#include <pintle/client/service_config.hpp>
#include <pintle/config/v1/client.pb.h>
#include <pintle/net/http_proxy.hpp>
#include <pintle/net/tls.hpp>
#include <pintle/resilience/breaker/breaker_layer.hpp>
#include <pintle/security/credentials/oauth2_token.hpp>
#include <pintle/security/credentials/token_source.hpp>

namespace pintle {

// The settings of one channel, with the files that they name.
struct ClientPlan {
  ClientPlan() = default;
  std::string key;     // "client", "clients.channels[0].settings"
  std::string target;  // of a named one
  config::v1::Client settings;
  std::string settings_key;             // the same for the same settings
  std::shared_ptr<net::TlsClient> tls;  // null: plaintext
  std::shared_ptr<FileToken> token;     // of token_file; null: there is none
  std::optional<OAuth2Options> oauth2;  // in its place
  std::shared_ptr<net::TlsClient> oauth2_tls;
  // What is sent; null: nothing. That of oauth2 is the process's to make.
  std::shared_ptr<const TokenSource> sends;
  std::optional<ServiceConfig> service_config;
};

struct ClientPlans {
  ClientPlans() = default;
  ClientPlan all;  // of the section client
  std::map<std::string, ClientPlan, std::less<>> named;
  std::optional<net::HttpProxy> proxy;  // as the environment says

  // Of a name, or else of a target.
  const ClientPlan& of(std::string_view name_or_target) const;
};

using ReadFile = std::function<std::expected<std::string, std::string>(const std::string& path)>;
using LookUpVariable = std::function<std::optional<std::string>(const std::string& variable)>;

// Reads the files that it names, as the start and --check-config do. `tls`: that of the section client.
std::expected<ClientPlans, std::vector<ConfigError>> client_plans(const Config& config,
                                                                  std::shared_ptr<net::TlsClient> tls,
                                                                  const std::string& key_log_file, const ReadFile& read,
                                                                  const LookUpVariable& variable = {});

// What a channel to `target` is made with: everything but what the process gives each (log, meters, memory, its own
// layers). `breakers`, when it is not null, gets the layer that holds them; null: there is none.
ChannelOptions planned_options(const ClientPlan& plan, std::string_view target, Logger log,
                               std::shared_ptr<const BreakerLayer>* breakers = nullptr);

}  // namespace pintle

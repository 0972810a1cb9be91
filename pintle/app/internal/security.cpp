#include <pintle/app/internal/security.hpp>

#include <utility>

#include <pintle/async/blocking.hpp>
#include <pintle/base/file.hpp>
#include <pintle/net/resolver.hpp>
#include <pintle/net/tls.hpp>
#include <pintle/net/tls_reload.hpp>
#include <pintle/transport/http1/http_fetcher.hpp>

namespace pintle {

namespace {

std::expected<std::string, std::string> read_whole(const std::string& path) { return read_file(path); }

// Asked for each reading, so that certificates of authorities that change on the disk count.
KeyRing::Load fetched(const IssuerSettings& issuer) {
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): the ring keeps it with its tasks
  return [url = issuer.url, ca_file = issuer.ca_file, timeout = issuer.ring.timeout]() -> Task<Result<std::string>> {
    net::TlsClientOptions options;
    options.alpn = "http/1.1";
    if (!ca_file.empty()) options.roots = net::Pem::file(ca_file);
    std::shared_ptr<net::TlsClient> tls;
    if (url.starts_with("https:")) {
      // The authorities are many, and reading them takes a while.
      auto made = co_await blocking([&options] { return net::TlsClient::create(std::move(options)); });
      if (!made) co_return std::unexpected(std::move(made).error());
      tls = std::move(*made);
    }
    auto load = keys_at_url(std::make_shared<HttpFetcher>(std::make_shared<net::SystemResolver>(), std::move(tls)), url,
                            timeout);
    co_return co_await load();
  };
}

}  // namespace

Security::Security(SecuritySettings settings, const Clock& clock, Logger log, Meters meters)
    : settings_(std::move(settings)),
      clock_(clock),
      log_(std::move(log)),
      meters_(meters),
      policy_(std::make_shared<PolicyStore>(settings_.policy)),
      policy_text_(settings_.policy_text) {
  AuthorizationOptions authorization;
  authorization.policy = policy_;
  authorization.except = settings_.authentication.except;
  authorization_ = std::make_shared<AuthorizationLayer>(std::move(authorization));
  if (!settings_.authenticates()) return;
  std::vector<TrustedIssuer> trusted;
  for (const IssuerSettings& issuer : settings_.issuers) {
    TrustedIssuer one;
    one.claims = issuer.claims;
    one.algorithms = issuer.algorithms;
    one.keys = rings_.emplace_back(ring_of(issuer));
    trusted.push_back(std::move(one));
  }
  AuthenticationOptions options = settings_.authentication;
  if (!trusted.empty())
    options.tokens = std::make_shared<const JwtVerifier>(std::move(trusted), settings_.longest_token);
  authentication_ = std::make_shared<AuthenticationLayer>(std::move(options));
}

std::shared_ptr<KeyRing> Security::ring_of(const IssuerSettings& issuer) const {
  if (issuer.secret) return std::make_shared<KeyRing>(KeySet({*issuer.secret}));
  KeyRing::Load load = issuer.url.empty() ? keys_in_file(issuer.file) : fetched(issuer);
  return std::make_shared<KeyRing>(std::move(load), issuer.ring, clock_, log_, meters_);
}

std::vector<std::shared_ptr<const Layer>> Security::layers(std::vector<std::shared_ptr<const Layer>> layers) const {
  if (authentication_ != nullptr) layers.push_back(authentication_);
  layers.push_back(authorization_);
  return layers;
}

void Security::start(const Env& env, Nursery& tasks, const Watched<std::uint64_t>& asked) {
  for (const auto& ring : rings_) tasks.spawn(env, ring->maintain());
  if (settings_.policy_file.empty()) return;
  const auto reload = [this](std::string* why) {
    auto text = read_whole(settings_.policy_file);
    if (text && *text == policy_text_) return net::Reload::unchanged;
    auto policy = read_policy(settings_.policy_file, [&](const std::string&) { return text; });
    if (!policy) {
      *why = policy.error().front().to_string();
      return net::Reload::failed;
    }
    policy_text_ = std::move(*text);
    policy_->replace(std::move(*policy));
    return net::Reload::replaced;
  };
  tasks.spawn(env, net::reload_every(reload, settings_.policy_interval, log_, &asked, "authorization rules"));
}

}  // namespace pintle

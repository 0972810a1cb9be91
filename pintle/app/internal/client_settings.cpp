#include <pintle/app/internal/client_settings.hpp>

#include <utility>

#include <fmt/format.h>

#include <pintle/app/endpoints.hpp>
#include <pintle/app/internal/schema_values.hpp>
#include <pintle/app/settings.hpp>
#include <pintle/base/random.hpp>
#include <pintle/client/balancing/least_request.hpp>
#include <pintle/client/balancing/outlier_detection.hpp>
#include <pintle/client/balancing/random_subset.hpp>
#include <pintle/client/balancing/ring_hash.hpp>
#include <pintle/client/balancing/round_robin.hpp>
#include <pintle/net/address.hpp>
#include <pintle/net/dns_resolver.hpp>
#include <pintle/resilience/bulkhead/bulkhead_layer.hpp>
#include <pintle/resilience/deadline/hop_margin_layer.hpp>
#include <pintle/resilience/throttle/client_throttle.hpp>
#include <pintle/security/credentials/credentials_layer.hpp>
#include <pintle/security/credentials/self_signed_token.hpp>

namespace pintle {

namespace {

using app::duration;
using config::v1::Client;

template <class Codes>
CodeSet codes_of(const Codes& codes) {
  CodeSet set;
  for (const int code : codes) set.add(code_from_number(static_cast<std::uint32_t>(code)));
  return set;
}

std::optional<RetryPolicy> retry_policy(const config::v1::ClientRetry& told) {
  if (told.max_attempts() == 1) return std::nullopt;
  RetryPolicy policy;
  policy.max_attempts = static_cast<int>(told.max_attempts());
  policy.initial_backoff = duration(told.initial_backoff());
  policy.multiplier = told.multiplier();
  policy.max_backoff = duration(told.max_backoff());
  policy.jitter = told.jitter();
  policy.codes = codes_of(told.codes());
  if (told.has_per_attempt_timeout()) policy.per_attempt_timeout = duration(told.per_attempt_timeout());
  return policy;
}

BreakerOptions breaker_options(const config::v1::CircuitBreaker& told) {
  BreakerOptions options;
  options.consecutive_failures = told.consecutive_failures();
  options.failure_rate = told.failure_rate();
  options.slow_rate = told.slow_rate();
  options.slow_after = duration(told.slow_after());
  options.window_calls = told.window_calls();
  if (told.has_window_time()) options.window_time = duration(told.window_time());
  options.min_calls = told.min_calls();
  options.open_for = duration(told.open_for());
  options.probes = told.probes();
  options.failures = codes_of(told.codes());
  return options;
}

std::shared_ptr<const BalancerFactory> policy(const config::v1::ClientBalancing& told) {
  SlowStart slow_start;
  if (told.has_slow_start()) slow_start.window = duration(told.slow_start());
  switch (told.policy()) {
    case config::v1::BALANCING_POLICY_ROUND_ROBIN:
      return round_robin(slow_start);
    case config::v1::BALANCING_POLICY_WEIGHTED_ROUND_ROBIN:
      return weighted_round_robin(slow_start);
    case config::v1::BALANCING_POLICY_LEAST_REQUEST: {
      LeastRequestOptions options;
      options.slow_start = slow_start;
      return least_request(options);
    }
    case config::v1::BALANCING_POLICY_RING_HASH: {
      RingHashOptions options;
      options.key = told.hash_key();
      return ring_hash(std::move(options));
    }
    default:
      return nullptr;
  }
}

std::shared_ptr<const BalancerFactory> balancer(const config::v1::ClientBalancing& told) {
  std::shared_ptr<const BalancerFactory> made = policy(told);
  if (made == nullptr) return nullptr;
  if (told.outliers().enabled()) {
    const config::v1::OutlierEjection& from = told.outliers();
    OutlierOptions options;
    options.interval = duration(from.interval());
    options.base_ejection_time = duration(from.base_ejection_time());
    options.max_ejection_time = duration(from.max_ejection_time());
    options.max_ejection_percent = from.max_ejection_percent();
    options.success_rate.reset();
    if (from.stdev_factor() != 0) {
      OutlierSuccessRate& rule = options.success_rate.emplace();
      rule.stdev_factor = from.stdev_factor();
      rule.minimum_hosts = from.min_hosts();
      rule.request_volume = from.min_calls();
    }
    if (from.failure_percentage() != 0) {
      OutlierFailurePercentage& rule = options.failure_percentage.emplace();
      rule.threshold = from.failure_percentage();
      rule.minimum_hosts = from.min_hosts();
      rule.request_volume = from.min_calls();
    }
    made = outlier_detection(options, std::move(made));
  }
  if (told.subset() != 0)
    made = random_subset(told.subset(), static_cast<std::uint64_t>(system_random()() * 1.8e19), std::move(made));
  return made;
}

class Reading {
 public:
  explicit Reading(const ReadFile& read) : read_(read) {}

  void look(ClientPlan& plan) {
    const Client& told = plan.settings;
    plan.settings_key = told.SerializeAsString();
    const auto fail = [&](std::string_view key, std::string problem, std::string mend) {
      errors.push_back(app::fault(plan.key + '.' + std::string(key), std::move(problem), std::move(mend)));
    };
    const config::v1::ClientBalancing& balancing = told.balancing();
    const bool picks_first = balancing.policy() == config::v1::BALANCING_POLICY_PICK_FIRST;
    if (balancing.policy() == config::v1::BALANCING_POLICY_RING_HASH && balancing.hash_key().empty())
      fail("balancing.hash_key", "must be set for ring_hash", "name a metadata key, such as x-user-id");
    if (!balancing.hash_key().empty() && !Metadata::valid_key(balancing.hash_key()))
      fail("balancing.hash_key", "is no metadata key", "write lower case letters, digits, '_', '-' and '.'");
    read_service_config(plan, fail);
    const bool other = plan.service_config && plan.service_config->balancer != nullptr;
    if (other && !picks_first)
      fail("balancing.policy", "can't stand beside the loadBalancingConfig of service_config_file", "keep one of them");
    if (picks_first) {
      if (balancing.health_check() && !other)
        fail("balancing.health_check", "means nothing to pick_first", "choose another balancing.policy");
      if (balancing.outliers().enabled())
        fail("balancing.outliers.enabled", "means nothing to pick_first", "choose another balancing.policy");
      if (balancing.subset() != 0)
        fail("balancing.subset", "means nothing to pick_first", "choose another balancing.policy");
    }
    if (told.retry().codes_size() == 0 && told.retry().max_attempts() > 1 && !told.retry().has_per_attempt_timeout())
      fail("retry.codes", "is empty: nothing would be tried again", "name a code, or write max_attempts: 1");
    if (duration(told.retry().max_backoff()) < duration(told.retry().initial_backoff()))
      fail("retry.max_backoff", "is below retry.initial_backoff", "write a longer one");
    const config::v1::CircuitBreaker& breaker = told.breaker();
    if (breaker.enabled() && breaker.consecutive_failures() == 0 && breaker.failure_rate() == 0 &&
        breaker.slow_rate() == 0)
      fail("breaker.enabled", "is true, but nothing would ever open it",
           "set consecutive_failures, failure_rate or slow_rate");
    if (!breaker.has_window_time() && breaker.min_calls() > breaker.window_calls() &&
        (breaker.failure_rate() > 0 || breaker.slow_rate() > 0))
      fail("breaker.min_calls", "is above breaker.window_calls: no rate would ever be judged", "write a smaller one");
    look_at_oauth2(plan, fail);
    look_at_own_key(plan, fail);
    if (const std::string& file = told.credentials().token_file(); !file.empty()) {
      plan.token = std::make_shared<FileToken>([read = read_, file] { return read(file); });
      if (auto loaded = plan.token->load(); !loaded)
        fail("credentials.token_file", std::string(loaded.error().message()), "");
      plan.sends = plan.token;
      if (plan.tls == nullptr && !told.credentials().plaintext())
        fail("credentials.token_file", "would be sent without TLS, for everybody on the way to read",
             "set tls.enabled, or credentials.plaintext where the way is safe");
    }
  }

  std::vector<ConfigError> errors;

 private:
  template <class Fail>
  void read_service_config(ClientPlan& plan, const Fail& fail) {
    const std::string& file = plan.settings.service_config_file();
    if (file.empty()) return;
    const auto text = read_(file);
    if (!text) return fail("service_config_file", fmt::format("can't be read: {}", text.error()), "");
    auto parsed = ServiceConfig::parse(*text);
    if (!parsed) return fail("service_config_file", std::string(parsed.error().message()), "");
    plan.service_config = std::move(*parsed);
  }

  template <class Fail>
  void look_at_oauth2(ClientPlan& plan, const Fail& fail) {
    const config::v1::ClientCredentials& told = plan.settings.credentials();
    const config::v1::OAuth2& from = told.oauth2();
    if (from.token_url().empty()) {
      if (!from.client_id().empty() || !from.client_secret_file().empty())
        fail("credentials.oauth2.token_url", "is missing", "say where tokens are given");
      return;
    }
    if (!told.token_file().empty())
      fail("credentials.oauth2.token_url", "can't stand beside credentials.token_file", "keep one of them");
    const bool secure = from.token_url().starts_with("https://");
    if (!secure && !from.token_url().starts_with("http://"))
      fail("credentials.oauth2.token_url", "is no URL", "write https://host/path");
    if (!secure && !told.plaintext())
      fail("credentials.oauth2.token_url", "would send the client's secret without TLS",
           "write https, or set credentials.plaintext where the way is safe");
    if (plan.tls == nullptr && !told.plaintext())
      fail("credentials.oauth2.token_url",
           "gives tokens that would be sent without TLS, for everybody on the way to read",
           "set tls.enabled, or credentials.plaintext where the way is safe");
    if (from.client_id().empty()) fail("credentials.oauth2.client_id", "must be set", "");
    OAuth2Options& options = plan.oauth2.emplace();
    options.token_url = from.token_url();
    options.client_id = from.client_id();
    options.audience = from.audience();
    options.scopes = app::texts(from.scopes());
    auto secret = read_(from.client_secret_file());
    if (!secret) {
      fail("credentials.oauth2.client_secret_file", from.client_secret_file().empty() ? "must be set" : secret.error(),
           "");
      return;
    }
    options.client_secret = secret->substr(0, secret->find_last_not_of(" \r\n\t") + 1);
    if (options.client_secret.empty()) fail("credentials.oauth2.client_secret_file", "is empty", "");
    net::TlsClientOptions tls;
    tls.alpn = "http/1.1";
    if (!from.ca_file().empty()) tls.roots = net::Pem::file(from.ca_file());
    auto made = net::TlsClient::create(std::move(tls));
    if (!made) return fail("credentials.oauth2.ca_file", std::string(made.error().message()), "");
    plan.oauth2_tls = std::move(*made);
  }

  template <class Fail>
  void look_at_own_key(ClientPlan& plan, const Fail& fail) {
    const config::v1::ClientCredentials& told = plan.settings.credentials();
    const config::v1::SelfSigned& from = told.self_signed();
    if (from.key_file().empty()) {
      if (!from.issuer().empty()) fail("credentials.self_signed.key_file", "is missing", "name the private key");
      return;
    }
    if (!told.token_file().empty() || !told.oauth2().token_url().empty())
      fail("credentials.self_signed.key_file", "can't stand beside another source of tokens", "keep one of them");
    if (from.issuer().empty()) fail("credentials.self_signed.issuer", "must be set", "");
    if (from.audience().empty()) fail("credentials.self_signed.audience", "must be set", "");
    if (plan.tls == nullptr && !told.plaintext())
      fail("credentials.self_signed.key_file",
           "signs tokens that would be sent without TLS, for everybody on the way to read",
           "set tls.enabled, or credentials.plaintext where the way is safe");
    const auto pem = read_(from.key_file());
    if (!pem) return fail("credentials.self_signed.key_file", pem.error(), "");
    SelfSignedOptions options;
    options.issuer = from.issuer();
    options.subject = from.subject().empty() ? from.issuer() : from.subject();
    options.audience = from.audience();
    options.key_id = from.key_id();
    options.life = duration(from.life());
    auto made = SelfSignedToken::create(*pem, std::move(options));
    if (!made) return fail("credentials.self_signed.key_file", made.error(), "");
    plan.sends = std::move(*made);
  }

  const ReadFile& read_;
};

}  // namespace

const ClientPlan& ClientPlans::of(std::string_view name_or_target) const {
  const auto found = named.find(name_or_target);
  return found != named.end() ? found->second : all;
}

std::expected<ClientPlans, std::vector<ConfigError>> client_plans(const Config& config,
                                                                  std::shared_ptr<net::TlsClient> tls,
                                                                  const std::string& key_log_file, const ReadFile& read,
                                                                  const LookUpVariable& variable) {
  ClientPlans plans;
  Reading reading(read);
  plans.all.key = "client";
  plans.all.settings = config.get<Client>();
  plans.all.tls = std::move(tls);
  reading.look(plans.all);
  const auto& channels = config.get<config::v1::Clients>().channels();
  for (int i = 0; i < channels.size(); ++i) {
    const config::v1::NamedClient& from = channels[i];
    const std::string key = fmt::format("clients.channels[{}]", i);
    ClientPlan plan;
    plan.key = key + ".settings";
    plan.target = from.target();
    plan.settings = from.settings();
    if (!from.target().empty()) {
      const auto target = net::parse_target(from.target());
      const Status bad = target ? net::DnsResolver::check_server(target->authority) : target.error();
      if (!bad.ok()) reading.errors.push_back(app::fault(key + ".target", std::string(bad.message())));
    }
    if (from.settings().tls().SerializeAsString() == plans.all.settings.tls().SerializeAsString()) {
      plan.tls = plans.all.tls;
    } else if (auto made = tls_client(from.settings().tls(), plan.key + ".tls", key_log_file)) {
      plan.tls = std::move(*made);
    } else {
      reading.errors.push_back(std::move(made).error());
      continue;
    }
    reading.look(plan);
    if (!plans.named.emplace(from.name(), std::move(plan)).second)
      reading.errors.push_back(
          app::fault(key + ".name", fmt::format("'{}' comes twice", from.name()), "choose another one"));
  }
  if (variable) {
    auto proxy = net::HttpProxy::from_environment([&](const char* name) { return variable(name); });
    if (proxy)
      plans.proxy = std::move(*proxy);
    else
      reading.errors.push_back({"the environment", 0, 0, "", std::string(proxy.error().message()), "unset it"});
  }
  if (!reading.errors.empty()) return std::unexpected(std::move(reading.errors));
  return plans;
}

ChannelOptions planned_options(const ClientPlan& plan, std::string_view target, Logger log,
                               std::shared_ptr<const BreakerLayer>* breakers) {
  const Client& told = plan.settings;
  ChannelOptions options = channel_options(told, std::move(log));
  options.tls = plan.tls;
  options.max_connections = told.max_connections();
  options.balancer = balancer(told.balancing());
  if (told.balancing().health_check()) options.health_service = told.balancing().health_service();
  if (told.has_hop_margin()) options.layers.push_back(std::make_shared<HopMarginLayer>(duration(told.hop_margin())));
  if (told.throttle().enabled()) {
    ClientThrottleOptions throttle;
    throttle.multiplier = told.throttle().multiplier();
    throttle.window = duration(told.throttle().window());
    throttle.min_calls = told.throttle().min_calls();
    options.layers.push_back(std::make_shared<ClientThrottleLayer>("*", throttle));
  }
  if (told.max_concurrent_calls() != 0)
    options.layers.push_back(std::make_shared<BulkheadLayer>(
        std::vector{BulkheadRule(std::string(target), "*", told.max_concurrent_calls())}));
  if (told.breaker().enabled()) {
    BreakerRule rule("calls", "*", breaker_options(told.breaker()));
    rule.per_method = told.breaker().per_method();
    auto layer = std::make_shared<BreakerLayer>(std::string(target), std::vector{std::move(rule)});
    if (breakers != nullptr) *breakers = layer;
    options.layers.push_back(std::move(layer));
  }
  if (plan.sends != nullptr)
    options.layers.push_back(std::make_shared<CredentialsLayer>(plan.sends, told.credentials().plaintext()));
  Resilience otherwise;
  otherwise.retry = retry_policy(told.retry());
  otherwise.only_idempotent = told.retry().only_idempotent();
  otherwise.throttling = RetryThrottling{told.retry().max_tokens(), told.retry().token_ratio()};
  otherwise.target = std::string(target);
  for (const auto& rule : told.hedging()) {
    HedgingPolicy hedging;
    hedging.max_attempts = static_cast<int>(rule.max_attempts());
    hedging.delay = duration(rule.delay());
    hedging.non_fatal = codes_of(rule.non_fatal());
    otherwise.hedging.emplace_back(rule.pattern(), hedging);
  }
  otherwise.budget = std::make_shared<HedgeBudget>(told.hedging_share());
  apply(plan.service_config.value_or(ServiceConfig()), options, otherwise);
  return options;
}

}  // namespace pintle

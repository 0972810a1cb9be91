#include <pintle/app/internal/security_settings.hpp>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>

#include <pintle/app/internal/schema_values.hpp>
#include <pintle/config/v1/policy.pb.h>
#include <pintle/config/v1/security.pb.h>
#include <pintle/transport/http1/http_url.hpp>

namespace pintle {

namespace {

using app::duration;
using app::texts;

class Reading {
 public:
  explicit Reading(const ReadFile& read) : read_(read) {}
  std::vector<ConfigError> errors;

  void fail(std::string key, std::string problem, std::string mend) {
    errors.push_back(app::fault(std::move(key), std::move(problem), std::move(mend)));
  }

  IssuerSettings issuer(const config::v1::Issuer& from, const std::string& key) {
    IssuerSettings made;
    made.claims.issuer = from.issuer();
    made.claims.audiences = texts(from.audiences());
    if (from.audiences().empty() != from.any_audience())
      fail(key + ".audiences", from.any_audience() ? "stand beside any_audience" : "are not set",
           "name the audiences that tokens for this service have, or set any_audience");
    made.claims.types = texts(from.types());
    made.claims.subject_claim = from.subject_claim();
    made.claims.roles_claim = from.roles_claim();
    made.claims.scopes_claim = from.scopes_claim();
    made.claims.leeway = std::chrono::duration_cast<std::chrono::seconds>(duration(from.leeway()));
    made.claims.expires = from.require_expiry();
    made.ring.name = from.issuer();
    made.ring.refresh = duration(from.refresh());
    made.ring.cool_down = duration(from.cool_down());
    made.ring.max_stale = duration(from.max_stale());
    made.ring.timeout = duration(from.timeout());
    made.ca_file = from.ca_file();
    read_algorithms(from, key, made);
    read_keys(from, key, made);
    return made;
  }

 private:
  void read_algorithms(const config::v1::Issuer& from, const std::string& key, IssuerSettings& made) {
    const bool secret = !from.secret_file().empty();
    for (const std::string& name : from.algorithms()) {
      const auto algorithm = jws_algorithm(name);
      if (!algorithm)
        fail(key + ".algorithms", fmt::format("'{}' is no algorithm that is spoken", name),
             "write one of RS256, PS256, ES256, EdDSA and their like");
      else if (secret != (*algorithm >= JwsAlgorithm::hs256))
        fail(key + ".algorithms",
             secret ? fmt::format("{} does not go with secret_file", name)
                    : fmt::format("{} is keyed by a secret, and the keys are public", name),
             secret ? "write algorithms: [HS256], or HS384 or HS512" : "leave it out, or set secret_file");
      else
        made.algorithms.push_back(*algorithm);
    }
    if (secret && made.algorithms.size() > 1)
      fail(key + ".algorithms", "are several for one secret", "keep the one with which tokens are signed");
  }

  void read_keys(const config::v1::Issuer& from, const std::string& key, IssuerSettings& made) {
    made.url = from.jwks_url();
    made.file = from.keys_file();
    const int sources = (made.url.empty() ? 0 : 1) + (made.file.empty() ? 0 : 1) + (from.secret_file().empty() ? 0 : 1);
    if (sources != 1)
      return fail(key, sources == 0 ? "has no keys" : "has several sources of keys",
                  "set one of jwks_url, keys_file and secret_file");
    if (!made.url.empty()) return check_url(made.url, key + ".jwks_url");
    if (!made.file.empty()) {
      const auto text = read_(made.file);
      const auto set = text ? KeySet::from_text(*text, nullptr) : std::unexpected(text.error());
      if (!set) fail(key + ".keys_file", fmt::format("{}: {}", made.file, set.error()), "name a file of public keys");
      return;
    }
    auto secret = read_(from.secret_file());
    if (!secret)
      return fail(key + ".secret_file", fmt::format("{} can't be read: {}", from.secret_file(), secret.error()),
                  "name a file that is there");
    while (secret->ends_with('\n') || secret->ends_with('\r')) secret->pop_back();
    if (made.algorithms.size() != 1) return;
    auto usable = VerificationKey::from_secret(*secret, made.algorithms.front());
    if (!usable)
      return fail(key + ".secret_file", usable.error(), "write at least as many bytes as the hash has: 32, 48 or 64");
    made.secret = std::move(*usable);
  }

  void check_url(const std::string& text, const std::string& key) {
    const auto url = parse_http_url(text);
    if (!url) return fail(key, std::string(url.error().message()), "write https://host/path");
    const bool near = url->host == "localhost" || url->host == "::1" || url->host.starts_with("127.");
    if (!url->tls && !near)
      fail(key, "is no https: whoever is on the way could change the keys", "write https://, or use keys_file");
  }

  const ReadFile& read_;
};

}  // namespace

std::expected<AuthorizationPolicy, std::vector<ConfigError>> read_policy(const std::string& path,
                                                                         const ReadFile& read) {
  const auto failed = [&](std::string problem) {
    ConfigError error;
    error.where = path;
    error.key = "policy";
    error.problem = std::move(problem);
    return error;
  };
  const auto text = read(path);
  if (!text) return std::unexpected(std::vector{failed("can't be read: " + text.error())});
  config::v1::Policy policy;
  if (auto errors = read_config_file("policy", path, *text, policy); !errors.empty())
    return std::unexpected(std::move(errors));
  auto compiled = AuthorizationPolicy::compile(policy);
  if (compiled) return std::move(*compiled);
  std::vector<ConfigError> errors;
  for (std::string& fault : compiled.error()) errors.push_back(failed(std::move(fault)));
  return std::unexpected(std::move(errors));
}

std::expected<SecuritySettings, std::vector<ConfigError>> security_settings(const Config& config,
                                                                            const ReadFile& read) {
  const auto& from = config.get<config::v1::Security>();
  const auto& who = from.authentication();
  Reading reading(read);
  SecuritySettings made;
  std::set<std::string> names;
  for (int i = 0; i < who.issuers_size(); ++i) {
    const std::string key = fmt::format("security.authentication.issuers[{}]", i);
    made.issuers.push_back(reading.issuer(who.issuers(i), key));
    if (!names.insert(who.issuers(i).issuer()).second)
      reading.fail(key + ".issuer", "comes twice", "keep one of the two");
  }
  made.longest_token = who.max_token_bytes();
  AuthenticationOptions& options = made.authentication;
  if (who.certificates()) options.certificates.emplace().spiffe_domains = texts(who.spiffe_trust_domains());
  options.key = who.metadata_key();
  if (!Metadata::valid_key(options.key))
    reading.fail("security.authentication.metadata_key", "is no key of metadata", "write it in small letters");
  options.except = texts(who.except());
  options.required = who.required();
  options.stream_grace = who.has_stream_grace() ? std::optional(duration(who.stream_grace())) : std::nullopt;
  options.cached_tokens = who.cached_tokens();
  made.policy_file = from.authorization().policy_file();
  made.policy_interval = duration(from.authorization().reload_interval());
  if (!made.policy_file.empty()) {
    auto policy = read_policy(made.policy_file, [&](const std::string& path) {
      auto text = read(path);
      if (text) made.policy_text = *text;
      return text;
    });
    if (policy)
      made.policy = std::move(*policy);
    else
      std::ranges::move(policy.error(), std::back_inserter(reading.errors));
    if (!made.authenticates() && who.issuers().empty() && !who.certificates())
      reading.fail("security.authorization.policy_file",
                   "nobody is authenticated, so its principals, roles and claims match nobody",
                   "set security.authentication too");
  }
  if (!reading.errors.empty()) return std::unexpected(std::move(reading.errors));
  return made;
}

}  // namespace pintle

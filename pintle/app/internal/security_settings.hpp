// What the configuration says about identity and authorization, in the terms of those who decide.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <pintle/app/config.hpp>
#include <pintle/security/authn/authentication_layer.hpp>
#include <pintle/security/authz/authorization_layer.hpp>

namespace pintle {

struct IssuerSettings {
  ClaimRules claims;
  std::vector<JwsAlgorithm> algorithms;
  KeyRingOptions ring;
  // One of these.
  std::string url, file;
  std::optional<VerificationKey> secret;
  std::string ca_file;  // of url
};

struct SecuritySettings {
  std::vector<IssuerSettings> issuers;
  std::size_t longest_token = JwtVerifier::kLongestToken;
  AuthenticationOptions authentication;  // without the verifier
  bool authenticates() const { return !issuers.empty() || authentication.certificates.has_value(); }

  std::string policy_file;  // empty: there is none
  AuthorizationPolicy policy;
  std::string policy_text;  // that it was read from
  Duration policy_interval{};
};

using ReadFile = std::function<std::expected<std::string, std::string>(const std::string& path)>;

// Reads the files that it names, as the start and --check-config do.
std::expected<SecuritySettings, std::vector<ConfigError>> security_settings(const Config& config, const ReadFile& read);

// A policy file; the errors name it.
std::expected<AuthorizationPolicy, std::vector<ConfigError>> read_policy(const std::string& path, const ReadFile& read);

}  // namespace pintle

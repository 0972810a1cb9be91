// One rule of a policy, compiled.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <pintle/security/authz/peer_range.hpp>
#include <pintle/security/authz/policy.hpp>
#include <pintle/security/authz/text_pattern.hpp>

namespace pintle::authz {

using Patterns = std::vector<TextPattern>;

struct NamedPatterns {
  std::string name;
  Patterns values;
};

// Each list that is not empty must be met.
struct Rule {
  std::string name;
  Patterns paths, principals, issuers, roles, scopes;
  std::vector<NamedPatterns> claims, headers;
  std::vector<PeerRange> peers;
  bool authenticated = false;  // the caller must be somebody
  bool denies = false;         // decides how a header with several values is met

  bool is_about(std::string_view path) const;
  bool matches(const AuthorizationRequest& request) const;
  std::string to_string() const;
};

}  // namespace pintle::authz

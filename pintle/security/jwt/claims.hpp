// What a token claims, and what an issuer's tokens must claim (RFC 7519 section 4, RFC 9068).
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/rpc/identity.hpp>
#include <pintle/security/jwt/jwt_fault.hpp>

namespace pintle {

using WallTime = std::chrono::system_clock::time_point;

struct ClaimRules {
  ClaimRules() = default;
  std::string issuer;                  // `iss`, exactly
  std::vector<std::string> audiences;  // one of which `aud` must be or hold, exactly; empty: any, and none
  // Of `typ`, without regard to case, and with or without "application/" before them. Empty: "JWT", "at+jwt" and none.
  std::vector<std::string> types;
  std::string subject_claim = "sub";
  // Where the roles are: an array of texts; dots lead into objects ("realm_access.roles").
  std::string roles_claim = "roles";
  // Where the scopes are: words in a text, as RFC 8693 has `scope`; for another claim an array of texts too.
  std::string scopes_claim = "scope";
  std::chrono::seconds leeway{30};  // of clocks, on exp, nbf and iat alike
  bool expires = true;              // `exp` must be there
};

// The issuer that the payload names, unproved; nothing where it is no object of claims with one.
std::expected<std::string, JwtFault> issuer_of(std::string_view payload);

// Whether a token of that typ may be one of these.
bool is_type_of(const ClaimRules& rules, const std::optional<std::string>& type);

// Who the payload of a token whose signature is proved speaks of, where all its claims hold at that time. Nothing is
// coerced: a claim that is read and has another JSON type than it should refuses the token.
std::expected<Identity, JwtFault> identity_of(const ClaimRules& rules, std::string_view payload, WallTime now);

}  // namespace pintle

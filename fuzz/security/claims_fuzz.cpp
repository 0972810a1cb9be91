// Input: the payload of a token whose signature is proved. Whoever is believed has a subject and the issuer, and their
// token has not expired.
#include <cstdint>
#include <string_view>

#include "../check.hpp"
#include <pintle/security/jwt/claims.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const pintle::WallTime now{std::chrono::seconds(1'800'000'000)};
  pintle::ClaimRules rules;
  rules.issuer = "id";
  rules.audiences = {"shop"};
  rules.roles_claim = "realm.roles";
  const auto identity = pintle::identity_of(rules, std::string_view(reinterpret_cast<const char*>(data), size), now);
  if (!identity) return 0;
  FUZZ_CHECK(identity->is_authenticated());
  FUZZ_CHECK(identity->issuer() == "id");
  FUZZ_CHECK(identity->expiry().has_value() && *identity->expiry() + rules.leeway > now);
  FUZZ_CHECK(identity->claim("aud").has_value());
  return 0;
}

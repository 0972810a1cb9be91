// From a token to who it speaks of, by the keys of its issuer (RFC 7519 section 7.2, RFC 8725).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/rpc/identity.hpp>
#include <pintle/security/jwt/claims.hpp>
#include <pintle/security/jwt/jws.hpp>
#include <pintle/security/jwt/key_ring.hpp>

namespace pintle {

// Whose tokens are believed, and in what. Each issuer is bound to its own keys: one can't sign for another.
struct TrustedIssuer {
  TrustedIssuer() = default;
  ClaimRules claims;
  // The algorithms that it is believed with. HS* must be named by whoever has given it a secret.
  std::vector<JwsAlgorithm> algorithms = {
      JwsAlgorithm::rs256, JwsAlgorithm::rs384, JwsAlgorithm::rs512, JwsAlgorithm::ps256, JwsAlgorithm::ps384,
      JwsAlgorithm::ps512, JwsAlgorithm::es256, JwsAlgorithm::es384, JwsAlgorithm::es512, JwsAlgorithm::eddsa};
  std::shared_ptr<KeyRing> keys;
};

// Any thread.
class JwtVerifier {
 public:
  static constexpr std::size_t kLongestToken = 8 * 1024;

  // REQUIRES: no two issuers of one name.
  explicit JwtVerifier(std::vector<TrustedIssuer> issuers, std::size_t longest_token = kLongestToken);

  // With the keys that are there at this moment.
  std::expected<Identity, JwtFault> verify(std::string_view token, WallTime now) const;
  // The same, and where the issuer may have a new key for it, waits until that is known: at most as long as a fetch
  // takes, and never twice in a cool-down (key_ring.hpp).
  Task<std::expected<Identity, JwtFault>> verify_or_wait(std::string token, std::function<WallTime()> now) const;

  // Changes when any issuer's keys do: what was verified under another may not be true any more.
  std::uint64_t epoch() const;

 private:
  struct Attempt {
    std::expected<Identity, JwtFault> outcome;
    KeyRing* ask = nullptr;  // who may have a new key
    std::string kid;
  };
  Attempt attempt(std::string_view token, WallTime now) const;

  const std::vector<TrustedIssuer> issuers_;
  const std::size_t longest_;
};

}  // namespace pintle

// Input: a token. What is read as one is three parts that are written in no other way; a verifier with a key that
// nobody has signed with believes none.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "../check.hpp"
#include <pintle/security/jwt/base64url.hpp>
#include <pintle/security/jwt/jwt_verifier.hpp>

namespace {

const pintle::JwtVerifier& verifier() {
  static const pintle::JwtVerifier made = [] {
    pintle::TrustedIssuer issuer;
    issuer.claims.issuer = "id";
    issuer.algorithms = {pintle::JwsAlgorithm::hs256};
    const std::string secret(32, 'k');
    issuer.keys = std::make_shared<pintle::KeyRing>(
        pintle::KeySet({pintle::VerificationKey::from_secret(secret, pintle::JwsAlgorithm::hs256, "k").value()}));
    return pintle::JwtVerifier({issuer});
  }();
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view token(reinterpret_cast<const char*>(data), size);
  FUZZ_CHECK(!verifier().verify(token, pintle::WallTime(std::chrono::seconds(1'800'000'000))));
  const auto jws = pintle::parse_jws(token, 8192);
  if (!jws) return 0;
  FUZZ_CHECK(token.starts_with(jws->signing_input));
  FUZZ_CHECK(std::ranges::count(token, '.') == 2);
  const std::size_t first = token.find('.');
  FUZZ_CHECK(jws->signing_input.substr(first + 1) == pintle::encode_base64url(jws->payload));
  FUZZ_CHECK(token.substr(jws->signing_input.size() + 1) == pintle::encode_base64url(jws->signature));
  FUZZ_CHECK(!jws->signature.empty());
  return 0;
}

// Property 8: JWT Validation. A token is believed when each of its claims, its signature and its header hold, and in no
// other case.
#include <map>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <pintle/security/jwt/jwt_verifier.hpp>
#include <pintle/security/test_support/token_smith.hpp>

namespace pintle {
namespace {

using test::SigningKey;

constexpr std::int64_t kNow = 1'800'000'000, kLeeway = 30;

struct Wish {
  JwsAlgorithm algorithm;
  std::int64_t exp, nbf;
  bool right_key, right_issuer, right_audience, tampered, named;
};

const SigningKey& key_of(JwsAlgorithm algorithm, bool right) {
  static std::map<std::pair<JwsAlgorithm, bool>, SigningKey> all;
  const auto found = all.find({algorithm, right});
  if (found != all.end()) return found->second;
  const SigningKey made = algorithm >= JwsAlgorithm::hs256 ? SigningKey::secret(std::string(64, right ? 'r' : 'w'))
                                                           : SigningKey::for_algorithm(algorithm);
  return all.emplace(std::pair(algorithm, right), made).first->second;
}

VerificationKey trusted(JwsAlgorithm algorithm) {
  if (algorithm >= JwsAlgorithm::hs256)
    return VerificationKey::from_secret(std::string(64, 'r'), algorithm, "k").value();
  return VerificationKey::from_jwk(key_of(algorithm, true).jwk("k")).value();
}

RC_GTEST_PROP(Property8JwtValidation, AcceptedExactlyWhenEverythingHolds, ()) {
  Wish wish;
  wish.algorithm = static_cast<JwsAlgorithm>(*rc::gen::inRange<std::size_t>(0, kJwsAlgorithms));
  wish.exp = kNow + *rc::gen::inRange<std::int64_t>(-2 * kLeeway, 2 * kLeeway);
  wish.nbf = kNow + *rc::gen::inRange<std::int64_t>(-2 * kLeeway, 2 * kLeeway);
  // Mostly right, so that each single fault decides often.
  const auto mostly = rc::gen::weightedOneOf<bool>({{6, rc::gen::just(true)}, {1, rc::gen::just(false)}});
  wish.right_key = *mostly;
  wish.right_issuer = *mostly;
  wish.right_audience = *mostly;
  wish.tampered = !*mostly;
  wish.named = *mostly;

  const std::string header =
      R"({"alg":")" + std::string(name_of(wish.algorithm)) + '"' + (wish.named ? R"(,"kid":"k"})" : "}");
  const std::string payload = std::string(R"({"iss":")") + (wish.right_issuer ? "id" : "evil") +
                              R"(","sub":"anna","aud":")" + (wish.right_audience ? "shop" : "bank") + R"(","exp":)" +
                              std::to_string(wish.exp) + R"(,"nbf":)" + std::to_string(wish.nbf) + "}";
  std::string token = key_of(wish.algorithm, wish.right_key).token(wish.algorithm, header, payload);
  if (wish.tampered) {
    const std::size_t at = *rc::gen::inRange<std::size_t>(0, token.size());
    const char c = *rc::gen::elementOf(std::string("ABCxyz059-_.=+/ {"));
    if (token[at] == c) wish.tampered = false;
    token[at] = c;
  }

  TrustedIssuer issuer;
  issuer.claims.issuer = "id";
  issuer.claims.audiences = {"shop"};
  issuer.algorithms = {wish.algorithm};
  issuer.keys = std::make_shared<KeyRing>(KeySet({trusted(wish.algorithm)}));
  const auto identity = JwtVerifier({issuer}).verify(token, WallTime(std::chrono::seconds(kNow)));

  const bool good = wish.right_key && wish.right_issuer && wish.right_audience && !wish.tampered &&
                    kNow < wish.exp + kLeeway && wish.nbf <= kNow + kLeeway;
  RC_CLASSIFY(good);
  RC_ASSERT(identity.has_value() == good);
  if (good) RC_ASSERT(identity->subject() == "anna");
}

RC_GTEST_PROP(Property8JwtValidation, NothingButATokenIsOne, (std::string text)) {
  TrustedIssuer issuer;
  issuer.claims.issuer = "id";
  issuer.keys = std::make_shared<KeyRing>(KeySet({trusted(JwsAlgorithm::es256)}));
  const JwtVerifier verifier({issuer});
  RC_ASSERT(!verifier.verify(text, WallTime(std::chrono::seconds(kNow))));
  RC_ASSERT(!verifier.verify(encode_base64url(text) + "." + encode_base64url(text) + "." + encode_base64url(text),
                             WallTime(std::chrono::seconds(kNow))));
}

}  // namespace
}  // namespace pintle

// Tokens that no cache knows: how many a core verifies in a second, by algorithm.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include <pintle/security/jwt/jwt_verifier.hpp>
#include <pintle/security/test_support/token_smith.hpp>

namespace pintle {
namespace {

VerificationKey public_half(const test::SigningKey& key, JwsAlgorithm algorithm) {
  if (name_of(algorithm).starts_with("HS"))
    return VerificationKey::from_secret(std::string(64, 's'), algorithm).value();
  return VerificationKey::from_jwk(key.jwk()).value();
}

void verify(benchmark::State& state, JwsAlgorithm algorithm) {
  const test::SigningKey key = test::SigningKey::for_algorithm(algorithm);
  TrustedIssuer issuer;
  issuer.claims.issuer = "https://id.example";
  issuer.claims.audiences = {"shop"};
  issuer.algorithms = {algorithm};
  issuer.keys = std::make_shared<KeyRing>(KeySet({public_half(key, algorithm)}));
  const JwtVerifier verifier({issuer});
  const std::string token =
      key.token(algorithm, R"({"typ":"JWT","alg":")" + std::string(name_of(algorithm)) + R"("})",
                R"({"iss":"https://id.example","sub":"anna","aud":"shop","iat":1800000000,"exp":1800003600,)"
                R"("roles":["reader","editor"],"scope":"items.read items.write"})");
  const WallTime now{std::chrono::seconds(1'800'000'001)};
  for (auto _ : state)
    if (!verifier.verify(token, now)) state.SkipWithError("a good token was refused");
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(verify, HS256, JwsAlgorithm::hs256);
BENCHMARK_CAPTURE(verify, RS256, JwsAlgorithm::rs256);
BENCHMARK_CAPTURE(verify, PS256, JwsAlgorithm::ps256);
BENCHMARK_CAPTURE(verify, ES256, JwsAlgorithm::es256);
BENCHMARK_CAPTURE(verify, ES384, JwsAlgorithm::es384);
BENCHMARK_CAPTURE(verify, ES512, JwsAlgorithm::es512);
BENCHMARK_CAPTURE(verify, EdDSA, JwsAlgorithm::eddsa);

}  // namespace
}  // namespace pintle

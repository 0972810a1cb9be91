#include <pintle/security/jwt/jwt_verifier.hpp>

#include <algorithm>
#include <utility>

namespace pintle {

JwtVerifier::JwtVerifier(std::vector<TrustedIssuer> issuers, std::size_t longest_token)
    : issuers_(std::move(issuers)), longest_(longest_token) {}

JwtVerifier::Attempt JwtVerifier::attempt(std::string_view token, WallTime now) const {
  const auto refused = [](JwtFault fault) { return Attempt{std::unexpected(fault), nullptr, {}}; };
  const auto jws = parse_jws(token, longest_);
  if (!jws) return refused(jws.error());
  const auto named = issuer_of(jws->payload);
  if (!named) return refused(named.error());
  const auto issuer = std::ranges::find(issuers_, *named, [](const TrustedIssuer& i) { return i.claims.issuer; });
  if (issuer == issuers_.end()) return refused(JwtFault::unknown_issuer);
  if (std::ranges::find(issuer->algorithms, jws->algorithm) == issuer->algorithms.end())
    return refused(JwtFault::refused_algorithm);
  const std::shared_ptr<const KeySet> keys = issuer->keys->keys();
  const VerificationKey* key = keys->find(jws->kid, jws->algorithm);
  if (key == nullptr) {
    const bool known = jws->kid ? keys->has(*jws->kid) : !keys->empty();
    return {std::unexpected(JwtFault::unknown_key), known ? nullptr : issuer->keys.get(), jws->kid.value_or("")};
  }
  if (!key->verify(jws->algorithm, jws->signing_input, jws->signature)) return refused(JwtFault::bad_signature);
  if (!is_type_of(issuer->claims, jws->type)) return refused(JwtFault::wrong_type);
  return {identity_of(issuer->claims, jws->payload, now), nullptr, {}};
}

std::expected<Identity, JwtFault> JwtVerifier::verify(std::string_view token, WallTime now) const {
  return attempt(token, now).outcome;
}

Task<std::expected<Identity, JwtFault>> JwtVerifier::verify_or_wait(std::string token,
                                                                    std::function<WallTime()> now) const {
  Attempt first = attempt(token, now());
  if (first.ask == nullptr || !co_await first.ask->looked_again_for(first.kid)) co_return std::move(first.outcome);
  co_return verify(token, now());
}

std::uint64_t JwtVerifier::epoch() const {
  std::uint64_t sum = 0;
  for (const TrustedIssuer& issuer : issuers_) sum += issuer.keys->epoch();
  return sum;
}

}  // namespace pintle

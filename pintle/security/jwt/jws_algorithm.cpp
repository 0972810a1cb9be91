#include <pintle/security/jwt/jws_algorithm.hpp>

#include <algorithm>
#include <array>

namespace pintle {

namespace {

constexpr std::array<std::string_view, kJwsAlgorithms> kNames = {"RS256", "RS384", "RS512", "PS256", "PS384",
                                                                 "PS512", "ES256", "ES384", "ES512", "EdDSA",
                                                                 "HS256", "HS384", "HS512"};

}  // namespace

std::optional<JwsAlgorithm> jws_algorithm(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<JwsAlgorithm>(found - kNames.begin());
}

std::string_view name_of(JwsAlgorithm algorithm) { return kNames[static_cast<std::size_t>(algorithm)]; }

}  // namespace pintle

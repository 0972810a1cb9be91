// The compact serialisation of a signed token (RFC 7515 section 3.1, RFC 7519 section 7.2).
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <pintle/security/jwt/jws_algorithm.hpp>
#include <pintle/security/jwt/jwt_fault.hpp>

namespace pintle {

struct Jws {
  std::string_view signing_input;  // a part of the token
  std::string signature, payload;  // decoded
  JwsAlgorithm algorithm = JwsAlgorithm::rs256;
  std::optional<std::string> kid, type;  // as the header has them
};

// What the token says of itself, nothing of which is proved. Refused: three parts that are not base64url, a header that
// is no JSON object (strict_json.hpp), an empty signature, `alg` none or unknown, any `crit` (we understand no
// extension), `b64`, `zip`, `enc`, `cty`. Headers that bring or name a key (jku, jwk, x5u, x5c, x5t) are not looked at.
std::expected<Jws, JwtFault> parse_jws(std::string_view token, std::size_t longest);

}  // namespace pintle

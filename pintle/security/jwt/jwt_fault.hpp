// Why a token is refused: for logs and counters, never for the caller.
#pragma once

#include <cstdint>
#include <string_view>

namespace pintle {

enum class JwtFault : std::uint8_t {
  too_long,               // above the limit
  malformed,              // no compact JWS of one JSON object signed, or a header that must not be
  unsupported_algorithm,  // "none", or one that is not spoken
  refused_algorithm,      // one that the issuer is not trusted with
  unknown_issuer,
  unknown_key,  // its issuer has no such key, or one of another kind
  bad_signature,
  wrong_type,  // typ
  wrong_audience,
  expired,
  not_yet_valid,  // nbf, or iat, lie ahead
  bad_claim,      // one that must be there and is not, or that has another type than it should
};

constexpr std::string_view fault_name(JwtFault fault) {
  switch (fault) {
    case JwtFault::too_long:
      return "too_long";
    case JwtFault::malformed:
      return "malformed";
    case JwtFault::unsupported_algorithm:
      return "unsupported_algorithm";
    case JwtFault::refused_algorithm:
      return "refused_algorithm";
    case JwtFault::unknown_issuer:
      return "unknown_issuer";
    case JwtFault::unknown_key:
      return "unknown_key";
    case JwtFault::bad_signature:
      return "bad_signature";
    case JwtFault::wrong_type:
      return "wrong_type";
    case JwtFault::wrong_audience:
      return "wrong_audience";
    case JwtFault::expired:
      return "expired";
    case JwtFault::not_yet_valid:
      return "not_yet_valid";
    case JwtFault::bad_claim:
      return "bad_claim";
  }
  return "unknown";
}

}  // namespace pintle

// The signature algorithms of JOSE that are spoken (RFC 7518 section 3.1, RFC 8037 section 3.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pintle {

// HS* are keyed by a secret that signer and verifier share: never by what is public.
enum class JwsAlgorithm : std::uint8_t {
  rs256,
  rs384,
  rs512,
  ps256,
  ps384,
  ps512,
  es256,
  es384,
  es512,
  eddsa,
  hs256,
  hs384,
  hs512,
};
constexpr std::size_t kJwsAlgorithms = 13;

// By the exact name, "RS256", "EdDSA"; "none" and everything unknown are nothing.
std::optional<JwsAlgorithm> jws_algorithm(std::string_view name);
std::string_view name_of(JwsAlgorithm algorithm);

}  // namespace pintle

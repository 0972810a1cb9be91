// A key that signatures are checked with, and the algorithms that it is bound to.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <pintle/security/jwt/jws_algorithm.hpp>

namespace pintle {

// Immutable, cheap to copy; any thread. What a token's header says never decides what a key is used for: the key's own
// kind does (RFC 8725 section 3.1).
class VerificationKey {
 public:
  // A JWK (RFC 7517) with a public key: RSA of 2048 bits or more, P-256, P-384, P-521, Ed25519 or Ed448. The error says
  // why it is none: a private or symmetric key, one for encryption, a member that is missing or malformed, a weak key.
  static std::expected<VerificationKey, std::string> from_jwk(std::string_view json);
  // A public key or a certificate in PEM.
  static std::expected<VerificationKey, std::string> from_pem(std::string_view text, std::string kid = {});
  // A secret for HS256, HS384 or HS512: at least as long as its hash (RFC 7518 section 3.2).
  static std::expected<VerificationKey, std::string> from_secret(std::string_view bytes, JwsAlgorithm algorithm,
                                                                 std::string kid = {});

  const std::string& kid() const { return kid_; }  // empty: it has none
  // Whether it may check signatures of that algorithm: by its kind, and by `alg` where its JWK has one.
  bool fits(JwsAlgorithm algorithm) const { return (fits_ >> static_cast<unsigned>(algorithm) & 1) != 0; }
  // Whether `signature`, as JWS carries it, is that of `input`. False for an algorithm that does not fit.
  bool verify(JwsAlgorithm algorithm, std::string_view input, std::string_view signature) const;

 private:
  struct Material;
  VerificationKey() = default;
  static std::expected<VerificationKey, std::string> of(Material material, std::string kid,
                                                        std::optional<JwsAlgorithm> only);

  std::string kid_;
  std::uint32_t fits_ = 0;  // a bit for each algorithm
  std::shared_ptr<const Material> material_;
};

}  // namespace pintle

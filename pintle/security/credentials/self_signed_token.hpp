// A token that this client signs itself, for servers that know its key (RFC 7523, as JWT access tokens of service
// accounts are).
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <pintle/base/clock.hpp>
#include <pintle/security/credentials/token_source.hpp>
#include <pintle/security/jwt/claims.hpp>

namespace pintle {

struct SelfSignedOptions {
  SelfSignedOptions() = default;
  std::string issuer, subject, audience;  // iss, sub, aud
  std::string key_id;                     // kid; empty: none
  Duration life = std::chrono::minutes(10);
  std::function<WallTime()> now;  // empty: the machine's
};

// Any thread. A token is used for four fifths of its life, then the next one is signed by whoever asks first.
class SelfSignedToken final : public TokenSource {
 public:
  // A private key in PEM without passphrase: RSA of 2048 bits or more (RS256), P-256 (ES256) or Ed25519 (EdDSA). The
  // error says why it is none.
  static std::expected<std::shared_ptr<SelfSignedToken>, std::string> create(std::string_view pem,
                                                                             SelfSignedOptions options);
  ~SelfSignedToken() override;
  Result<std::shared_ptr<const std::string>> token() const override;

 private:
  struct Key;
  SelfSignedToken(std::unique_ptr<Key> key, SelfSignedOptions options);

  const std::unique_ptr<Key> key_;
  const SelfSignedOptions options_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const std::string> token_;  // guarded by mutex_, as is
  mutable WallTime fresh_until_;
};

}  // namespace pintle

// Who makes a call: by the token in its metadata, or by the certificate of its connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/rpc/layer.hpp>
#include <pintle/security/authn/certificate_identity.hpp>
#include <pintle/security/jwt/jwt_verifier.hpp>

namespace pintle {

struct AuthenticationOptions {
  AuthenticationOptions() = default;
  std::shared_ptr<const JwtVerifier> tokens;     // null: nobody is believed for a token
  std::optional<CertificateRules> certificates;  // nothing: nobody is believed for a certificate
  std::string key = "authorization";             // of the metadata: "Bearer <token>"
  // Of methods whose callers are not asked (path_pattern.hpp).
  std::vector<std::string> except = {"/grpc.health.v1.Health/*", "/grpc.reflection.v1.ServerReflection/*",
                                     "/grpc.reflection.v1alpha.ServerReflection/*"};
  bool required = true;  // else a call without either is nobody's, and authorization decides
  // A stream whose token expires ends so much later, with UNAUTHENTICATED. Nothing: it goes on to its end.
  std::optional<Duration> stream_grace = std::chrono::seconds(30);
  std::size_t cached_tokens = 1024;  // on each loop
  std::function<WallTime()> now = [] { return std::chrono::system_clock::now(); };
};

// In the place authentication. A call without a token or certificate, and one with a token that is not good, ends with
// UNAUTHENTICATED and always the same text; why is logged, and counted by pintle.authentication. A token that is shown
// counts, and must be good, whatever the certificate; the identity then has the certificate's names too. One that was
// verified on this connection, or loop, is good until it expires or its issuer's keys change.
class AuthenticationLayer final : public Layer {
 public:
  explicit AuthenticationLayer(AuthenticationOptions options);
  std::string_view name() const override { return "authentication"; }
  Place place() const override { return Place::authentication; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;

 private:
  struct Shared;  // by all methods
  const std::shared_ptr<Shared> shared_;
};

}  // namespace pintle

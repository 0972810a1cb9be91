// Lets those call who may.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/rpc/layer.hpp>
#include <pintle/security/authz/policy_store.hpp>

namespace pintle {

struct AuthorizationOptions {
  AuthorizationOptions() = default;
  std::shared_ptr<const PolicyStore> policy;  // not null
  // Of methods that anybody may call (path_pattern.hpp).
  std::vector<std::string> except = {"/grpc.health.v1.Health/*", "/grpc.reflection.v1.ServerReflection/*",
                                     "/grpc.reflection.v1alpha.ServerReflection/*"};
};

// In the place authorization, around the methods that a policy or an option of the .proto is about. A call is decided
// once, when it begins, by the policy of that moment; one that is not allowed ends with PERMISSION_DENIED and always
// the same text. Counted by pintle.authorization; audited, a line for each, as the policy says (gRFC A59): "audit" with
// the method, who called, from where, the policy, the rule and the outcome. A method that is not there is nobody's to
// allow: it stays UNIMPLEMENTED.
class AuthorizationLayer final : public Layer {
 public:
  explicit AuthorizationLayer(AuthorizationOptions options);
  std::string_view name() const override { return "authorization"; }
  Place place() const override { return Place::authorization; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;

  // Who may call the method, for a person.
  std::string explanation(const MethodInfo& method, const std::string& options) const;

 private:
  const std::shared_ptr<const AuthorizationOptions> options_;
};

}  // namespace pintle

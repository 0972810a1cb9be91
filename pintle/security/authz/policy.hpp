// Who may do what: the rules of a policy file and of the .proto, and what they say of one call.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/base/metadata.hpp>
#include <pintle/rpc/identity.hpp>
#include <pintle/rpc/type_info.hpp>

namespace pintle {

namespace config::v1 {
class Policy;
}
namespace security::v1 {
class Authorization;
}
namespace authz {
struct Rule;
}

// What a decision is made from. Views live as long as the decision is being made.
struct AuthorizationRequest {
  const Identity& identity;
  std::string_view peer;  // as Call::peer()
  const Metadata& metadata;
};

struct Decision {
  bool allowed = false;
  std::string_view rule;  // that matched; empty: none did. Lives as long as the MethodPolicy
};

// What a policy says of one method: of its rules those whose paths match. Immutable; any thread.
class MethodPolicy {
 public:
  Decision decide(const AuthorizationRequest& request) const;
  // For a person: the rules in the order in which they are looked at.
  std::string explanation() const;

 private:
  friend class AuthorizationPolicy;
  std::vector<std::shared_ptr<const authz::Rule>> deny_, allow_;
  bool open_ = false;  // what no rule matches is allowed
};

enum class AuditCondition : std::uint8_t { none, on_deny, on_allow, on_deny_and_allow };

// The rules of pintle.config.v1.Policy, compiled. Immutable; any thread.
class AuthorizationPolicy {
 public:
  // What a policy without rules says: only options in the .proto count, and a method that has none is anybody's.
  AuthorizationPolicy() = default;
  // All that is wrong with it, a line each, beginning with where: "allow_rules[2].request.paths[0]: ...".
  static std::expected<AuthorizationPolicy, std::vector<std::string>> compile(const config::v1::Policy& policy);

  // `own`: the method's option; null: it has none.
  MethodPolicy for_method(std::string_view path, const security::v1::Authorization* own) const;
  // Whether there is one: it was compiled.
  bool given() const { return given_; }
  const std::string& name() const { return name_; }
  AuditCondition audit() const { return audit_; }

 private:
  std::string name_;
  bool given_ = false;
  AuditCondition audit_ = AuditCondition::on_deny;
  std::vector<std::shared_ptr<const authz::Rule>> deny_, allow_;
};

}  // namespace pintle

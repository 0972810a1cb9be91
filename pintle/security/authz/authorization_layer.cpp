#include <pintle/security/authz/authorization_layer.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <pintle/rpc/options.hpp>
#include <pintle/rpc/path_pattern.hpp>
#include <pintle/rpc/request_id.hpp>
#include <pintle/security/v1/authorization.pb.h>

namespace pintle {

namespace {

constexpr std::string_view kRefusal = "the caller may not call this method";

std::optional<security::v1::Authorization> option_of(const std::string& serialised) {
  google::protobuf::MethodOptions options;
  if (!options.ParseFromString(serialised) || !options.HasExtension(security::v1::authorization)) return std::nullopt;
  return options.GetExtension(security::v1::authorization);
}

class Authorizing final : public Handler {
 public:
  Authorizing(std::shared_ptr<const PolicyStore> policy, const Site& site, Handler& next)
      : policy_(std::move(policy)),
        path_(site.method.path),
        own_(option_of(site.options)),
        log_(site.log),
        loops_(site.loops),
        next_(next) {
    const Instrument outcomes{"pintle.authorization", "{call}", "Calls, by whether the caller may make them.", {}};
    allowed_ = site.meters.counter(outcomes, {{"rpc.method", site.method.path}, {"result", "allowed"}});
    denied_ = site.meters.counter(outcomes, {{"rpc.method", site.method.path}, {"result", "denied"}});
  }

  [[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override {
    if (!call.refusal.ok()) [[unlikely]]
      return next_(call);
    const InForce& now = in_force(call);
    const Decision decision = now.rules.decide({call.identity(), call.peer(), call.request_metadata});
    (decision.allowed ? allowed_ : denied_).add();
    if (audited(now.policy->audit(), decision.allowed)) audit(call, *now.policy, decision);
    return decision.allowed ? next_(call) : refuse();
  }

 private:
  struct InForce {
    std::uint64_t version = 0;
    std::shared_ptr<const AuthorizationPolicy> policy;
    MethodPolicy rules;
  };
  const InForce& in_force(const LayerCall& call) const {
    InForce& here = loops_[call];
    if (const std::uint64_t version = policy_->version(); version != here.version) [[unlikely]] {
      here.policy = policy_->current();
      here.rules = here.policy->for_method(path_, own_ ? &*own_ : nullptr);
      here.version = version;
    }
    return here;
  }

  static bool audited(AuditCondition condition, bool allowed) {
    return condition == AuditCondition::on_deny_and_allow ||
           condition == (allowed ? AuditCondition::on_allow : AuditCondition::on_deny);
  }

  void audit(const LayerCall& call, const AuthorizationPolicy& policy, const Decision& decision) const {
    const auto* id = call.find<RequestId>();
    const Identity& who = call.identity();
    log_.info("audit", {{"rpc_method", call.path()},
                        {"principal", std::string_view(who.subject())},
                        {"issuer", std::string_view(who.issuer())},
                        {"peer.address", call.peer()},
                        {"policy_name", std::string_view(policy.name())},
                        {"matched_rule", decision.rule},
                        {"authorized", decision.allowed},
                        {"request_id", id != nullptr ? std::string_view(id->value) : std::string_view()}});
  }

  static Task<Status> refuse() { co_return Status(Code::permission_denied, kRefusal, Origin::library); }

  const std::shared_ptr<const PolicyStore> policy_;
  const std::string path_;
  const std::optional<security::v1::Authorization> own_;
  const Logger log_;
  PerLoop<InForce> loops_;
  Handler& next_;
  Counter allowed_, denied_;
};

}  // namespace

AuthorizationLayer::AuthorizationLayer(AuthorizationOptions options)
    : options_(std::make_shared<const AuthorizationOptions>(std::move(options))) {}

std::unique_ptr<Handler> AuthorizationLayer::wrap(const Site& site, Handler& next) const {
  const bool excepted = std::ranges::any_of(
      options_->except, [&](const std::string& pattern) { return path_matches(pattern, site.method.path); });
  const bool anybodys = !options_->policy->current()->given() && !option_of(site.options);
  if (excepted || anybodys) return nullptr;
  return std::make_unique<Authorizing>(options_->policy, site, next);
}

std::string AuthorizationLayer::explanation(const MethodInfo& method, const std::string& options) const {
  const bool excepted = std::ranges::any_of(
      options_->except, [&](const std::string& pattern) { return path_matches(pattern, method.path); });
  if (excepted) return fmt::format("{}\n  allowed: it is excepted from authorization\n", method.path);
  const auto policy = options_->policy->current();
  const auto own = option_of(options);
  const std::string name = policy->name().empty() ? "no policy" : "policy " + policy->name();
  return fmt::format("{} ({})\n{}", method.path, name,
                     policy->for_method(method.path, own ? &*own : nullptr).explanation());
}

}  // namespace pintle

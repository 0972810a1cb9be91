#include <pintle/security/authz/policy.hpp>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include <pintle/config/v1/policy.pb.h>
#include <pintle/security/authz/internal/rule.hpp>
#include <pintle/security/v1/authorization.pb.h>

namespace pintle {

namespace {

using authz::NamedPatterns;
using authz::Patterns;
using authz::PeerRange;
using authz::Rule;
using authz::TextPattern;
using Texts = google::protobuf::RepeatedPtrField<std::string>;

constexpr std::string_view kOwnRule = "the .proto";

// Collects what is wrong, by place.
class Compiler {
 public:
  std::vector<std::string> faults;

  void fail(std::string_view where, std::string_view what) { faults.push_back(fmt::format("{}: {}", where, what)); }

  Patterns patterns(const Texts& texts, const std::string& where) {
    Patterns made;
    for (int i = 0; i < texts.size(); ++i) {
      const auto one = TextPattern::of(texts[i]);
      if (one)
        made.push_back(*one);
      else
        fail(fmt::format("{}[{}]", where, i),
             texts[i].empty() ? "the text is empty: it would match nobody"
                              : fmt::format("'{}' has a * in its middle, or two: write it at one end", texts[i]));
    }
    return made;
  }

  Patterns paths(const Texts& texts, const std::string& where) {
    for (int i = 0; i < texts.size(); ++i)
      if (!texts[i].starts_with('/') && !texts[i].starts_with('*'))
        fail(fmt::format("{}[{}]", where, i),
             fmt::format("'{}' is the path of no method: write /package.Service/Method", texts[i]));
    return patterns(texts, where);
  }

  NamedPatterns named(const std::string& name, const Texts& texts, const std::string& where) {
    if (texts.empty()) fail(where + ".values", "is empty: write * for any value");
    return {name, patterns(texts, where + ".values")};
  }

  NamedPatterns header(const config::v1::PolicyHeader& from, const std::string& where) {
    const std::string& key = from.key();
    // gRFC A43: what is gRPC's or HTTP's own says nothing of the caller.
    if (!Metadata::valid_key(key))
      fail(where + ".key", fmt::format("'{}' is no key of metadata: write it in small letters", key));
    else if (key.starts_with("grpc-") || key == "host" || key == "te" || key == "content-type" || key == "connection")
      fail(where + ".key", fmt::format("'{}' is gRPC's or HTTP's own", key));
    return named(key, from.values(), where);
  }

  std::shared_ptr<const Rule> rule(const config::v1::PolicyRule& from, const std::string& where, bool denies) {
    auto made = std::make_shared<Rule>();
    made->name = from.name();
    made->denies = denies;
    const auto& source = from.source();
    made->principals = patterns(source.principals(), where + ".source.principals");
    made->issuers = patterns(source.issuers(), where + ".source.issuers");
    made->roles = patterns(source.roles(), where + ".source.roles");
    made->scopes = patterns(source.scopes(), where + ".source.scopes");
    for (int i = 0; i < source.claims_size(); ++i)
      made->claims.push_back(
          named(source.claims(i).name(), source.claims(i).values(), fmt::format("{}.source.claims[{}]", where, i)));
    for (int i = 0; i < source.peers_size(); ++i) {
      const auto range = PeerRange::of(source.peers(i));
      if (range)
        made->peers.push_back(*range);
      else
        fail(fmt::format("{}.source.peers[{}]", where, i),
             fmt::format("'{}' is no address: write 10.0.0.0/8, ::1 or unix", source.peers(i)));
    }
    made->paths = paths(from.request().paths(), where + ".request.paths");
    for (int i = 0; i < from.request().headers_size(); ++i)
      made->headers.push_back(header(from.request().headers(i), fmt::format("{}.request.headers[{}]", where, i)));
    return made;
  }

  std::vector<std::shared_ptr<const Rule>> rules(const google::protobuf::RepeatedPtrField<config::v1::PolicyRule>& from,
                                                 std::string_view list, bool denies) {
    std::vector<std::shared_ptr<const Rule>> made;
    std::set<std::string> names;
    for (int i = 0; i < from.size(); ++i) {
      const std::string where = fmt::format("{}[{}]", list, i);
      if (from[i].name().empty()) fail(where + ".name", "is empty");
      if (!names.insert(from[i].name()).second) fail(where + ".name", fmt::format("'{}' comes twice", from[i].name()));
      made.push_back(rule(from[i], where, denies));
    }
    return made;
  }

  void loggers(const google::protobuf::RepeatedPtrField<config::v1::AuditLogger>& from) {
    for (int i = 0; i < from.size(); ++i)
      if (from[i].name() != "stdout_logger" && !from[i].is_optional())
        fail(fmt::format("audit_logging_options.audit_loggers[{}].name", i),
             fmt::format("there is no logger '{}': write stdout_logger, for the process's log, or is_optional: true",
                         from[i].name()));
  }

  AuditCondition audit(const std::string& text) {
    constexpr std::array<std::string_view, 4> kNames = {"NONE", "ON_DENY", "ON_ALLOW", "ON_DENY_AND_ALLOW"};
    const auto found = std::ranges::find(kNames, text);
    if (found != kNames.end()) return static_cast<AuditCondition>(found - kNames.begin());
    if (!text.empty())
      fail("audit_logging_options.audit_condition",
           fmt::format("'{}' is none of NONE, ON_DENY, ON_ALLOW, ON_DENY_AND_ALLOW", text));
    return AuditCondition::on_deny;
  }
};

std::shared_ptr<const Rule> own_rule(const security::v1::Authorization& option) {
  auto made = std::make_shared<Rule>();
  made->name = kOwnRule;
  made->authenticated = !option.anybody();
  const auto exactly = [](const Texts& texts) {
    Patterns patterns;
    for (const std::string& text : texts) patterns.push_back(TextPattern::exactly(text));
    return patterns;
  };
  made->roles = exactly(option.roles());
  made->scopes = exactly(option.scopes());
  return made;
}

}  // namespace

Decision MethodPolicy::decide(const AuthorizationRequest& request) const {
  for (const auto& rule : deny_)
    if (rule->matches(request)) return {false, rule->name};
  for (const auto& rule : allow_)
    if (rule->matches(request)) return {true, rule->name};
  return {open_, {}};
}

std::string MethodPolicy::explanation() const {
  std::string text;
  for (const auto& rule : deny_) text += fmt::format("  denied by {}: {}\n", rule->name, rule->to_string());
  for (const auto& rule : allow_) text += fmt::format("  allowed by {}: {}\n", rule->name, rule->to_string());
  return text + (open_ ? "  else allowed: there is no policy, and the .proto asks for nothing\n"
                       : "  else denied: no rule allows it\n");
}

std::expected<AuthorizationPolicy, std::vector<std::string>> AuthorizationPolicy::compile(
    const config::v1::Policy& policy) {
  Compiler compiler;
  AuthorizationPolicy made;
  made.given_ = true;
  made.name_ = policy.name();
  if (policy.name().empty()) compiler.fail("name", "is empty");
  made.deny_ = compiler.rules(policy.deny_rules(), "deny_rules", true);
  made.allow_ = compiler.rules(policy.allow_rules(), "allow_rules", false);
  compiler.loggers(policy.audit_logging_options().audit_loggers());
  made.audit_ = compiler.audit(policy.audit_logging_options().audit_condition());
  if (!compiler.faults.empty()) return std::unexpected(std::move(compiler.faults));
  return made;
}

MethodPolicy AuthorizationPolicy::for_method(std::string_view path, const security::v1::Authorization* own) const {
  MethodPolicy made;
  const auto about = [&](const std::shared_ptr<const authz::Rule>& rule) { return rule->is_about(path); };
  std::ranges::copy_if(deny_, std::back_inserter(made.deny_), about);
  std::ranges::copy_if(allow_, std::back_inserter(made.allow_), about);
  if (own != nullptr) made.allow_.push_back(own_rule(*own));
  made.open_ = !given_ && own == nullptr;
  return made;
}

}  // namespace pintle

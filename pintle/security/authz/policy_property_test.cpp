// Property 9: Method Authorization. What a compiled policy decides is what a model of sixty lines decides, which knows
// nothing of compiling.
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <pintle/config/v1/policy.pb.h>
#include <pintle/security/authz/policy.hpp>

namespace pintle {
namespace {

using config::v1::Policy;
using config::v1::PolicyRule;

struct Asked {
  std::string path, subject, issuer, peer;
  std::vector<std::string> roles, scopes;
  std::map<std::string, std::string> claims;  // texts
  std::vector<std::pair<std::string, std::string>> headers;
};

// -- The model
// ----------------------------------------------------------------------------------------------------------

bool fits(const std::string& pattern, const std::string& text) {
  const std::size_t star = pattern.find('*');
  if (star == std::string::npos) return pattern == text;
  if (pattern.size() == 1) return !text.empty();
  const std::string rest = star == 0 ? pattern.substr(1) : pattern.substr(0, star);
  if (text.size() < rest.size()) return false;
  return star == 0 ? text.substr(text.size() - rest.size()) == rest : text.substr(0, rest.size()) == rest;
}
template <class Patterns>
bool one_fits(const Patterns& patterns, const std::vector<std::string>& texts) {
  for (const std::string& pattern : patterns)
    for (const std::string& text : texts)
      if (fits(pattern, text)) return true;
  return false;
}
template <class Patterns>
bool met(const Patterns& patterns, const std::vector<std::string>& texts) {
  return patterns.empty() || one_fits(patterns, texts);
}
bool rule_matches(const PolicyRule& rule, const Asked& asked, bool denies) {
  if (!met(rule.request().paths(), {asked.path}) || !met(rule.source().principals(), {asked.subject}) ||
      !met(rule.source().issuers(), {asked.issuer}) || !met(rule.source().roles(), asked.roles) ||
      !met(rule.source().scopes(), asked.scopes))
    return false;
  for (const auto& claim : rule.source().claims()) {
    const auto found = asked.claims.find(claim.name());
    if (found == asked.claims.end() || !one_fits(claim.values(), {found->second})) return false;
  }
  for (const auto& header : rule.request().headers()) {
    std::vector<std::string> values;
    std::string all;
    for (const auto& [key, value] : asked.headers)
      if (key == header.key()) {
        all += (values.empty() ? "" : ",") + value;
        values.push_back(value);
      }
    if (values.empty()) return false;
    int fitting = 0;
    for (const std::string& value : values) fitting += one_fits(header.values(), {value}) ? 1 : 0;
    if (denies ? fitting == 0 && !one_fits(header.values(), {all}) : fitting != static_cast<int>(values.size()))
      return false;
  }
  if (rule.source().peers().empty()) return true;
  for (const std::string& range : rule.source().peers()) {
    const std::string begin = range == "10.0.0.0/8" ? "ipv4:10." : range == "::1" ? "ipv6:[::1]" : "unix";
    if (asked.peer.starts_with(begin)) return true;
  }
  return false;
}
bool model(const Policy& policy, const Asked& asked) {
  for (const PolicyRule& rule : policy.deny_rules())
    if (rule_matches(rule, asked, true)) return false;
  for (const PolicyRule& rule : policy.allow_rules())
    if (rule_matches(rule, asked, false)) return true;
  return false;
}

// -- Policies and requests, out of few words, so that they meet often
// ------------------------------------------------------

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : engine_(seed) {}
  bool one_in(int n) { return below(n) == 0; }
  int below(int n) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(n)); }
  template <std::size_t N>
  std::string of(const char* const (&all)[N]) {
    return all[below(N)];
  }

 private:
  std::mt19937_64 engine_;
};

constexpr const char* kWords[] = {"a", "ab", "abc", "b", "bc", "a,b", "A"};
constexpr const char* kPatterns[] = {"a", "ab", "a*", "*c", "*", "b", "*b", "a,b", "ab*"};
constexpr const char* kPaths[] = {"/p.S/Get", "/p.S/Put", "/p.T/Get", "/q.S/Get"};
constexpr const char* kPathPatterns[] = {"/p.S/Get", "/p.S/*", "*/Get", "*", "/p.*", "/q.S/Put"};
constexpr const char* kKeys[] = {"x-a", "x-b"};
constexpr const char* kPeers[] = {"ipv4:10.1.1.1:5", "ipv4:11.1.1.1:5", "ipv6:[::1]:5", "unix:/x"};
constexpr const char* kRanges[] = {"10.0.0.0/8", "::1", "unix"};

PolicyRule random_rule(Chance& chance, int index) {
  PolicyRule rule;
  rule.set_name("rule-" + std::to_string(index));
  auto& source = *rule.mutable_source();
  for (int i = chance.below(3); i > 0; --i) rule.mutable_request()->add_paths(chance.of(kPathPatterns));
  if (chance.one_in(3)) source.add_principals(chance.of(kPatterns));
  if (chance.one_in(6)) source.add_issuers(chance.of(kPatterns));
  if (chance.one_in(4)) source.add_roles(chance.of(kPatterns));
  if (chance.one_in(6)) source.add_scopes(chance.of(kPatterns));
  if (chance.one_in(6)) source.add_peers(chance.of(kRanges));
  if (chance.one_in(5)) {
    auto& claim = *source.add_claims();
    claim.set_name(chance.of(kWords));
    claim.add_values(chance.of(kPatterns));
  }
  if (chance.one_in(4)) {
    auto& header = *rule.mutable_request()->add_headers();
    header.set_key(chance.of(kKeys));
    header.add_values(chance.of(kPatterns));
  }
  return rule;
}

Policy random_policy(Chance& chance) {
  Policy policy;
  policy.set_name("p");
  for (int i = chance.below(4); i > 0; --i) *policy.add_deny_rules() = random_rule(chance, i);
  for (int i = chance.below(5); i > 0; --i) *policy.add_allow_rules() = random_rule(chance, i);
  return policy;
}

Asked random_request(Chance& chance) {
  Asked asked;
  asked.path = chance.of(kPaths);
  asked.peer = chance.of(kPeers);
  if (!chance.one_in(5)) asked.subject = chance.of(kWords), asked.issuer = chance.of(kWords);
  for (int i = chance.below(3); i > 0; --i) asked.roles.push_back(chance.of(kWords));
  for (int i = chance.below(3); i > 0; --i) asked.scopes.push_back(chance.of(kWords));
  for (int i = chance.below(3); i > 0; --i) asked.claims[chance.of(kWords)] = chance.of(kWords);
  for (int i = chance.below(4); i > 0; --i) asked.headers.emplace_back(chance.of(kKeys), chance.of(kWords));
  return asked;
}

bool decided(const AuthorizationPolicy& policy, const Asked& asked) {
  Identity identity;
  identity.subject(asked.subject).issuer(asked.issuer);
  for (const std::string& role : asked.roles) identity.role(role);
  for (const std::string& scope : asked.scopes) identity.scope(scope);
  for (const auto& [name, value] : asked.claims) identity.claim(name, '"' + value + '"');
  Metadata metadata;
  for (const auto& [key, value] : asked.headers) metadata.add(key, value);
  return policy.for_method(asked.path, nullptr).decide({identity, asked.peer, metadata}).allowed;
}

RC_GTEST_PROP(Property9MethodAuthorization, IsWhatTheModelDecides, (std::uint64_t seed)) {
  Chance chance(seed);
  const Policy policy = random_policy(chance);
  const auto compiled = AuthorizationPolicy::compile(policy);
  RC_ASSERT(compiled.has_value());
  for (int i = 0; i < 100; ++i) {
    const Asked asked = random_request(chance);
    RC_ASSERT(decided(*compiled, asked) == model(policy, asked));
  }
}

TEST(Property9MethodAuthorization, AMillionPairsWithoutADifference) {
  Chance chance(20261130);
  int allowed = 0;
  for (int p = 0; p < 10'000; ++p) {
    const Policy policy = random_policy(chance);
    const auto compiled = AuthorizationPolicy::compile(policy);
    ASSERT_TRUE(compiled);
    for (int i = 0; i < 100; ++i) {
      const Asked asked = random_request(chance);
      const bool decision = decided(*compiled, asked);
      ASSERT_EQ(decision, model(policy, asked)) << policy.DebugString() << asked.path << ' ' << asked.subject;
      allowed += decision ? 1 : 0;
    }
  }
  EXPECT_GT(allowed, 200'000) << "both outcomes come often";
  EXPECT_LT(allowed, 800'000);
}

}  // namespace
}  // namespace pintle

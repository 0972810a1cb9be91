#include <pintle/security/authz/policy.hpp>

#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>

#include <pintle/config/v1/policy.pb.h>
#include <pintle/security/authz/peer_range.hpp>
#include <pintle/security/authz/text_pattern.hpp>
#include <pintle/security/v1/authorization.pb.h>

namespace pintle {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::string_view kGet = "/shop.v1.Items/Get", kDelete = "/shop.v1.Items/Delete";

config::v1::Policy policy_of(const std::string& json) {
  config::v1::Policy policy;
  const auto read = google::protobuf::util::JsonStringToMessage(json, &policy);
  EXPECT_TRUE(read.ok()) << read.ToString();
  return policy;
}
AuthorizationPolicy compiled(const std::string& json) {
  auto made = AuthorizationPolicy::compile(policy_of(json));
  EXPECT_TRUE(made) << (made ? "" : made.error().front());
  return std::move(*made);
}
std::vector<std::string> faults(const std::string& json) {
  const auto made = AuthorizationPolicy::compile(policy_of(json));
  return made ? std::vector<std::string>() : made.error();
}

struct Caller {
  Identity identity;
  std::string peer = "ipv4:10.1.2.3:4711";
  Metadata metadata;
};
// "yes by RULE", "no by RULE", "no".
std::string decision(const AuthorizationPolicy& policy, std::string_view path, const Caller& caller,
                     const security::v1::Authorization* own = nullptr) {
  const MethodPolicy rules = policy.for_method(path, own);
  const Decision made = rules.decide({caller.identity, caller.peer, caller.metadata});
  return std::string(made.allowed ? "yes" : "no") + (made.rule.empty() ? "" : " by " + std::string(made.rule));
}
Caller named(std::string_view subject) {
  Caller caller;
  caller.identity.subject(subject);
  return caller;
}

TEST(Policy, DenyBeforeAllowThenDeny) {
  const auto policy = compiled(R"({"name":"p",
    "deny_rules":[{"name":"no-guests","source":{"principals":["guest-*"]}}],
    "allow_rules":[{"name":"readers","request":{"paths":["/shop.v1.Items/Get"]}},
                   {"name":"admins","source":{"roles":["admin"]}}]})");
  EXPECT_EQ(decision(policy, kGet, named("anna")), "yes by readers");
  EXPECT_EQ(decision(policy, kGet, named("guest-7")), "no by no-guests");
  EXPECT_EQ(decision(policy, kDelete, named("anna")), "no");
  Caller admin = named("bert");
  admin.identity.role("admin");
  EXPECT_EQ(decision(policy, kDelete, admin), "yes by admins");
  Caller guest = named("guest-1");
  guest.identity.role("admin");
  EXPECT_EQ(decision(policy, kDelete, guest), "no by no-guests");
}

TEST(Policy, OneWithoutRulesAllowsNobody) {
  EXPECT_EQ(decision(compiled(R"({"name":"p"})"), kGet, named("anna")), "no");
  EXPECT_EQ(decision(AuthorizationPolicy(), kGet, named("anna")), "yes") << "there is no policy at all";
}

TEST(Policy, EachPartOfASourceMustBeMet) {
  const auto policy = compiled(R"({"name":"p","allow_rules":[{"name":"r","source":{
    "principals":["anna","b*"],"issuers":["https://id"],"roles":["admin"],"scopes":["write"],
    "claims":[{"name":"tenant","values":["acme"]},{"name":"realm.level","values":["3"]}],"peers":["10.0.0.0/8","unix"]}}]})");
  const auto caller = [] {
    Caller made = named("anna");
    made.identity.issuer("https://id").role("x").role("admin").scope("write");
    made.identity.claim("tenant", R"("acme")").claim("realm", R"({"level":3})");
    return made;
  };
  EXPECT_EQ(decision(policy, kGet, caller()), "yes by r");
  Caller other = caller();
  other.identity.subject("carl");
  EXPECT_EQ(decision(policy, kGet, other), "no");
  other.identity.certificate_name("bert");
  EXPECT_EQ(decision(policy, kGet, other), "yes by r") << "a name of the certificate is a principal";
  other = caller();
  other.identity.issuer("https://id/");
  EXPECT_EQ(decision(policy, kGet, other), "no");
  other = caller();
  other.peer = "ipv4:11.0.0.1:1";
  EXPECT_EQ(decision(policy, kGet, other), "no");
  other.peer = "unix:/run/x";
  EXPECT_EQ(decision(policy, kGet, other), "yes by r");
  for (const char* level : {R"({"level":"3"})", R"({"level":[1,3]})"}) {
    other = named("anna");
    other.identity.issuer("https://id")
        .role("admin")
        .scope("write")
        .claim("tenant", R"(["x","acme"])")
        .claim("realm", level);
    EXPECT_EQ(decision(policy, kGet, other), "yes by r") << level;
  }
  for (const char* level :
       {R"({"level":33})", R"({"level":null})", R"({"level":{"3":3}})", R"([3])", "3", "not json"}) {
    other = named("anna");
    other.identity.issuer("https://id").role("admin").scope("write").claim("tenant", R"("acme")").claim("realm", level);
    EXPECT_EQ(decision(policy, kGet, other), "no") << level;
  }
}

TEST(Policy, ASecondValueOfAHeaderHelpsNobody) {
  const auto policy = compiled(R"({"name":"p",
    "deny_rules":[{"name":"blocked","request":{"headers":[{"key":"x-team","values":["red"]}]}}],
    "allow_rules":[{"name":"blue","request":{"headers":[{"key":"x-team","values":["blue"]}]}}]})");
  const auto ask = [&](std::initializer_list<const char*> teams) {
    Caller caller = named("anna");
    for (const char* team : teams) caller.metadata.add("x-team", team);
    return decision(policy, kGet, caller);
  };
  EXPECT_EQ(ask({"blue"}), "yes by blue");
  EXPECT_EQ(ask({"blue", "red"}), "no by blocked");
  EXPECT_EQ(ask({"green", "red"}), "no by blocked");
  EXPECT_EQ(ask({"blue", "green"}), "no");
  EXPECT_EQ(ask({}), "no");
}

TEST(Policy, WhatTheProtoAsksForIsOneMoreWayIn) {
  security::v1::Authorization own;
  own.add_roles("writer");
  own.add_roles("a*");
  const auto policy = compiled(R"({"name":"p","deny_rules":[{"name":"not-bert","source":{"principals":["bert"]}}],
                                   "allow_rules":[{"name":"carl","source":{"principals":["carl"]}}]})");
  Caller writer = named("anna");
  writer.identity.role("writer");
  EXPECT_EQ(decision(policy, kGet, writer, &own), "yes by the .proto");
  EXPECT_EQ(decision(policy, kGet, named("carl"), &own), "yes by carl");
  EXPECT_EQ(decision(policy, kGet, named("dora"), &own), "no");
  Caller bert = named("bert");
  bert.identity.role("writer");
  EXPECT_EQ(decision(policy, kGet, bert, &own), "no by not-bert");
  Caller admin = named("anna");
  admin.identity.role("admin");
  EXPECT_EQ(decision(policy, kGet, admin, &own), "no") << "a name in an option is no pattern";
  EXPECT_EQ(decision(AuthorizationPolicy(), kGet, named("dora"), &own), "no") << "it counts without a policy too";
  own.Clear();
  own.set_authenticated(true);
  EXPECT_EQ(decision(policy, kGet, named("dora"), &own), "yes by the .proto");
  EXPECT_EQ(decision(policy, kGet, Caller(), &own), "no");
  own.set_anybody(true);
  EXPECT_EQ(decision(policy, kGet, Caller(), &own), "yes by the .proto");
}

TEST(Policy, NobodyMatchesNoPrincipal) {
  const auto policy = compiled(R"({"name":"p","allow_rules":[{"name":"r","source":{"principals":["*"]}}]})");
  EXPECT_EQ(decision(policy, kGet, Caller()), "no");
  EXPECT_EQ(decision(policy, kGet, named("x")), "yes by r");
}

TEST(Policy, WhatIsWrongIsSaidWithItsPlace) {
  EXPECT_THAT(faults("{}"), ElementsAre("name: is empty"));
  EXPECT_THAT(faults(R"({"name":"p","allow_rules":[{"name":"a"},{"name":"a"},{}]})"),
              ElementsAre("allow_rules[1].name: 'a' comes twice", "allow_rules[2].name: is empty"));
  EXPECT_THAT(
      faults(
          R"({"name":"p","deny_rules":[{"name":"a","source":{"principals":["","a*b","*a*","**"],"peers":["10.0.0.1/8","x","1.2.3.4/33",""]},
      "request":{"paths":["shop.Items/Get"],"headers":[{"key":":path","values":["x"]},{"key":"X-Team","values":["x"]},
      {"key":"grpc-timeout","values":["x"]},{"key":"x","values":[]}]}}],
      "audit_logging_options":{"audit_condition":"always"}})"),
      ElementsAre(HasSubstr("deny_rules[0].source.principals[0]: the text is empty"), HasSubstr("principals[1]"),
                  HasSubstr("principals[2]"), HasSubstr("principals[3]"), HasSubstr("peers[0]"), HasSubstr("peers[1]"),
                  HasSubstr("peers[2]"), HasSubstr("peers[3]"), HasSubstr("paths[0]"), HasSubstr("headers[0].key"),
                  HasSubstr("headers[1].key"), HasSubstr("headers[2].key"), HasSubstr("headers[3].values"),
                  HasSubstr("audit_condition")));
}

TEST(Policy, AuditLoggersOfOthersAreLeftOutOnlyWhereTheyMayBe) {
  const auto with = [](const std::string& logger) {
    return faults(R"({"name":"p","audit_logging_options":{"audit_condition":"NONE","audit_loggers":[)" + logger +
                  "]}}");
  };
  EXPECT_THAT(with(R"({"name":"stdout_logger","config":{}})"), IsEmpty());
  EXPECT_THAT(with(R"({"name":"stdout_logger"},{"name":"theirs","config":{"to":"x"},"isOptional":true})"), IsEmpty());
  EXPECT_THAT(with(R"({"name":"stdout_logger"},{"name":"theirs"})"),
              ElementsAre(HasSubstr("audit_loggers[1].name: there is no logger 'theirs'")));
}

TEST(Policy, SaysWhoMayCallAndWhy) {
  security::v1::Authorization own;
  own.add_roles("writer");
  const auto policy = compiled(R"({"name":"p",
    "deny_rules":[{"name":"no-guests","source":{"principals":["guest-*"],"peers":["10.0.0.0/8"]}},
                  {"name":"elsewhere","request":{"paths":["/other/*"]}}],
    "allow_rules":[{"name":"admins","source":{"roles":["admin","root"]}}]})");
  EXPECT_EQ(policy.for_method(kGet, &own).explanation(),
            "  denied by no-guests: principal guest-*, and peer 10.0.0.0/8\n"
            "  allowed by admins: role admin or root\n"
            "  allowed by the .proto: anybody who is authenticated, and role writer\n"
            "  else denied: no rule allows it\n");
}

TEST(TextPattern, IsExactOrOneEnd) {
  using authz::TextPattern;
  EXPECT_TRUE(TextPattern::of("/a/*")->matches("/a/b/c"));
  EXPECT_FALSE(TextPattern::of("/a/*")->matches("/a"));
  EXPECT_TRUE(TextPattern::of("*/Get")->matches("/a.B/Get"));
  EXPECT_FALSE(TextPattern::of("*/Get")->matches("/a.B/Get2"));
  EXPECT_FALSE(TextPattern::of("abc")->matches("ABC"));
  EXPECT_FALSE(TextPattern::of("*")->matches(""));
}

TEST(PeerRange, HoldsAddresses) {
  using authz::PeerRange;
  EXPECT_TRUE(PeerRange::of("10.0.0.0/8")->holds("ipv4:10.255.0.1:1"));
  EXPECT_FALSE(PeerRange::of("10.0.0.0/8")->holds("ipv4:11.0.0.1:1"));
  EXPECT_TRUE(PeerRange::of("10.0.0.0/9")->holds("ipv4:10.127.0.1:1"));
  EXPECT_FALSE(PeerRange::of("10.0.0.0/9")->holds("ipv4:10.128.0.1:1"));
  EXPECT_TRUE(PeerRange::of("10.0.0.7")->holds("ipv6:[::ffff:10.0.0.7]:1"));
  EXPECT_TRUE(PeerRange::of("fd00::/8")->holds("ipv6:[fd12::1%eth0]:1"));
  EXPECT_FALSE(PeerRange::of("::/0")->holds("ipv4:10.0.0.1:1"));
  EXPECT_TRUE(PeerRange::of("0.0.0.0/0")->holds("ipv4:10.0.0.1:1"));
  EXPECT_TRUE(PeerRange::of("unix")->holds("unix:"));
  for (const char* nobody : {"", "ipv4:", "memory:1", "ipv4:x:1", "ipv6:[", "unix"})
    EXPECT_FALSE(PeerRange::of("0.0.0.0/0")->holds(nobody)) << nobody;
}

}  // namespace
}  // namespace pintle

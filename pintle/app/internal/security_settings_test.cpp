#include <pintle/app/internal/security_settings.hpp>

#include <map>

#include <gmock/gmock.h>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct SecuritySettingsTest : ::testing::Test {
  std::expected<SecuritySettings, std::vector<ConfigError>> read(const std::string& yaml) {
    ConfigInput input;
    input.argument("--config=items.yaml");
    input.files([&](const std::string&) { return yaml; });
    auto config = Config::parse({}, input);
    if (!config) return std::unexpected(config.error());
    return security_settings(*config, [this](const std::string& path) -> std::expected<std::string, std::string> {
      const auto found = files.find(path);
      if (found == files.end()) return std::unexpected("No such file or directory");
      return found->second;
    });
  }
  std::vector<std::string> faults(const std::string& yaml) {
    const auto settings = read(yaml);
    std::vector<std::string> texts;
    if (!settings)
      for (const ConfigError& error : settings.error()) texts.push_back(error.to_string());
    return texts;
  }
  static std::string issuer(const std::string& more) {
    return "security: {authentication: {issuers: [{issuer: id, audiences: [shop], " + more + "}]}}\n";
  }
  std::map<std::string, std::string> files = {{"secret", std::string(32, 's') + "\n"}, {"short", "x"}, {"keys", "{}"}};
};

TEST_F(SecuritySettingsTest, WithoutAnythingNobodyIsAsked) {
  const auto settings = read("server: {port: 1}\n");
  ASSERT_TRUE(settings);
  EXPECT_FALSE(settings->authenticates());
  EXPECT_FALSE(settings->policy.given());
}

TEST_F(SecuritySettingsTest, AnIssuerHasItsRules) {
  const auto settings =
      read(issuer("jwks_url: 'https://id/keys', roles_claim: realm_access.roles, leeway: 5s, types: [at+jwt]"));
  ASSERT_TRUE(settings) << settings.error().front().to_string();
  ASSERT_EQ(settings->issuers.size(), 1u);
  const IssuerSettings& id = settings->issuers[0];
  EXPECT_EQ(id.claims.issuer, "id");
  EXPECT_THAT(id.claims.audiences, ElementsAre("shop"));
  EXPECT_EQ(id.claims.roles_claim, "realm_access.roles");
  EXPECT_EQ(id.claims.leeway, 5s);
  EXPECT_EQ(id.claims.subject_claim, "sub");
  EXPECT_EQ(id.ring.cool_down, 30s);
  EXPECT_EQ(id.algorithms.size(), 10u);
  EXPECT_EQ(settings->authentication.stream_grace, 30s);
}

TEST_F(SecuritySettingsTest, ASecretNamesItsAlgorithm) {
  const auto settings = read(issuer("secret_file: secret, algorithms: [HS256]"));
  ASSERT_TRUE(settings) << settings.error().front().to_string();
  EXPECT_TRUE(settings->issuers[0].secret->fits(JwsAlgorithm::hs256));
  EXPECT_THAT(faults(issuer("secret_file: secret")),
              ::testing::Contains(HasSubstr("RS256 does not go with secret_file")));
  EXPECT_THAT(faults(issuer("secret_file: secret, algorithms: [HS256, HS384]")),
              ElementsAre(HasSubstr("several for one secret")));
  EXPECT_THAT(faults(issuer("secret_file: short, algorithms: [HS256]")),
              ElementsAre(HasSubstr("shorter than the hash")));
  EXPECT_THAT(faults(issuer("secret_file: gone, algorithms: [HS256]")), ElementsAre(HasSubstr("gone can't be read")));
  EXPECT_THAT(faults(issuer("jwks_url: 'https://id/', algorithms: [RS256, HS256]")),
              ElementsAre(HasSubstr("keyed by a secret")));
}

TEST_F(SecuritySettingsTest, WhatIsWrongIsSaidWithItsKey) {
  EXPECT_THAT(faults(issuer("refresh: 1m")),
              ElementsAre(HasSubstr("security.authentication.issuers[0]: has no keys; set one of")));
  EXPECT_THAT(faults(issuer("jwks_url: 'https://id/', keys_file: keys")), ElementsAre(HasSubstr("several sources")));
  EXPECT_THAT(faults(issuer("jwks_url: 'http://id.example/keys'")), ElementsAre(HasSubstr("is no https")));
  EXPECT_THAT(faults(issuer("jwks_url: 'http://127.0.0.1:1/keys'")), IsEmpty());
  EXPECT_THAT(faults(issuer("jwks_url: ftp")), ElementsAre(HasSubstr("is no URL")));
  EXPECT_THAT(faults(issuer("keys_file: keys")), ElementsAre(HasSubstr("no array `keys`")));
  EXPECT_THAT(faults(issuer("jwks_url: 'https://id/', algorithms: [none]")),
              ElementsAre(HasSubstr("'none' is no algorithm")));
  EXPECT_THAT(faults(issuer("jwks_url: 'https://id/', any_audience: true")),
              ElementsAre(HasSubstr("stand beside any_audience")));
  EXPECT_THAT(faults("security: {authentication: {issuers: [{issuer: id, jwks_url: 'https://id/'}]}}\n"),
              ElementsAre(HasSubstr("audiences: are not set")));
  EXPECT_THAT(faults("security: {authentication: {issuers: [{issuer: a, any_audience: true, jwks_url: 'https://a/'},"
                     "{issuer: a, any_audience: true, jwks_url: 'https://b/'}]}}\n"),
              ElementsAre(HasSubstr("issuers[1].issuer: comes twice")));
  EXPECT_THAT(faults(issuer("jwks_url: 'https://id/', leeway: 61s")), ElementsAre(HasSubstr("leeway")));
}

TEST_F(SecuritySettingsTest, APolicyIsReadAndItsFaultsHaveTheirLines) {
  const std::string config =
      "security: {authentication: {certificates: true}, authorization: {policy_file: /p.yaml}}\n";
  files["/p.yaml"] = "name: shop\nallow_rules:\n- name: all\n";
  const auto settings = read(config);
  ASSERT_TRUE(settings) << settings.error().front().to_string();
  EXPECT_EQ(settings->policy.name(), "shop");
  EXPECT_EQ(settings->policy_text, files["/p.yaml"]) << "a change is one to what is in force, not to a later look";
  files["/p.yaml"] = R"({"name":"shop","allow_rules":[{"name":"all"}]})";
  EXPECT_THAT(faults(config), IsEmpty()) << "JSON, as gRFC A43 has it";
  files["/p.yaml"] = "name: shop\nallow_rules:\n- name: all\n  sauce: {}\n";
  EXPECT_THAT(faults(config), ElementsAre(AllOf(HasSubstr("/p.yaml:4:3: policy.allow_rules[0].sauce: unknown key"),
                                                HasSubstr("source"))));
  files["/p.yaml"] = "name: shop\nallow_rules:\n- name: all\n  request: {paths: [Get]}\n";
  EXPECT_THAT(
      faults(config),
      ElementsAre(HasSubstr("/p.yaml: policy: allow_rules[0].request.paths[0]: 'Get' is the path of no method")));
  files["/p.yaml"] = "name: [";
  EXPECT_THAT(faults(config), ElementsAre(HasSubstr("not YAML")));
  files.erase("/p.yaml");
  EXPECT_THAT(faults(config), ElementsAre(HasSubstr("can't be read")));
  files["/p.yaml"] = "name: shop\n";
  EXPECT_THAT(faults("security: {authorization: {policy_file: /p.yaml}}\n"),
              ElementsAre(HasSubstr("nobody is authenticated")));
}

}  // namespace
}  // namespace pintle

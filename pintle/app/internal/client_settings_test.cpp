#include <pintle/app/internal/client_settings.hpp>

#include <map>

#include <gmock/gmock.h>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct ClientPlansTest : ::testing::Test {
  std::expected<ClientPlans, std::vector<std::string>> plans(const std::string& yaml,
                                                             std::vector<std::string> flags = {}) {
    ConfigInput input;
    input.argument("--config=items.yaml");
    for (std::string& flag : flags) input.argument(std::move(flag));
    const auto read = [this, yaml](const std::string& path) -> std::expected<std::string, std::string> {
      if (path == "items.yaml") return yaml;
      const auto found = files.find(path);
      if (found == files.end()) return std::unexpected("No such file or directory");
      return found->second;
    };
    input.files(read);
    const auto texts = [](const std::vector<ConfigError>& errors) {
      std::vector<std::string> all;
      for (const ConfigError& error : errors) all.push_back(error.to_string());
      return all;
    };
    auto config = Config::parse({}, input);
    if (!config) return std::unexpected(texts(config.error()));
    auto made = client_plans(*config, nullptr, "", read);
    if (!made) return std::unexpected(texts(made.error()));
    return std::move(*made);
  }
  std::vector<std::string> errors(const std::string& yaml) {
    const auto made = plans(yaml);
    return made ? std::vector<std::string>{"it is right"} : made.error();
  }
  static std::vector<std::string> layers(const ClientPlan& plan) {
    std::vector<std::string> names;
    for (const auto& layer : planned_options(plan, "items:1", Logger()).layers) names.emplace_back(layer->name());
    return names;
  }
  std::map<std::string, std::string> files;
};

TEST_F(ClientPlansTest, WithoutAWordThereAreRetriesAndABreaker) {
  const auto made = plans("{}");
  ASSERT_TRUE(made);
  EXPECT_THAT(layers(made->all), ElementsAre("hop_margin", "breaker", "retry"));
  EXPECT_EQ(&made->of("dns:///anywhere:1"), &made->all);
  const ChannelOptions options = planned_options(made->all, "items:1", Logger());
  EXPECT_EQ(options.balancer, nullptr);
  EXPECT_EQ(options.max_connections, 1u);
}

TEST_F(ClientPlansTest, EveryPartCanBeAskedForAndTurnedOff) {
  const auto made = plans(R"(
client:
  max_concurrent_calls: 100
  throttle: {enabled: true}
  hedging: [{pattern: /items.v1.ItemService/GetItem, delay: 20ms}]
  hop_margin: none
  breaker: {enabled: false}
  balancing: {policy: least_request, outliers: {enabled: true}, health_check: true, subset: 10}
  max_connections: 4)");
  ASSERT_TRUE(made) << made.error().front();
  EXPECT_THAT(layers(made->all), ElementsAre("client_throttle", "bulkhead", "hedging", "retry"));
  const ChannelOptions options = planned_options(made->all, "items:1", Logger());
  EXPECT_NE(options.balancer, nullptr);
  EXPECT_EQ(options.health_service, "");
  EXPECT_EQ(options.max_connections, 4u);
}

TEST_F(ClientPlansTest, ANamedOneHasWhatItSaysAndTheRestOfTheSection) {
  const auto made = plans(R"(
clients:
  channels:
    - name: items
      target: dns:///items:50051
      settings:
        timeout: 2s
        retry: {max_attempts: 2}
        breaker: {codes: [unavailable]}
    - {name: plain, target: dns:///plain:1}
client:
  timeout: 7s
  retry: {initial_backoff: 50ms, codes: [unavailable, aborted]}
  balancing: {policy: round_robin})",
                          {"--client.max_connections=3"});
  ASSERT_TRUE(made) << made.error().front();
  const ClientPlan& items = made->of("items");
  EXPECT_EQ(items.target, "dns:///items:50051");
  EXPECT_EQ(items.settings.timeout().seconds(), 2);
  EXPECT_EQ(items.settings.retry().max_attempts(), 2u);
  EXPECT_EQ(items.settings.retry().initial_backoff().nanos(), 50'000'000);
  EXPECT_EQ(items.settings.retry().codes_size(), 2);
  EXPECT_EQ(items.settings.breaker().codes_size(), 1);
  EXPECT_EQ(items.settings.balancing().policy(), config::v1::BALANCING_POLICY_ROUND_ROBIN);
  EXPECT_EQ(items.settings.max_connections(), 3u) << "a flag for all reaches those that say nothing";
  EXPECT_EQ(made->of("plain").settings.SerializeAsString(), made->all.settings.SerializeAsString());
  EXPECT_EQ(made->all.settings.timeout().seconds(), 7);
}

TEST_F(ClientPlansTest, NothingOfAnotherEntryIsLeftWhenAFlagReplacesTheList) {
  const auto made = plans(R"(
clients: {channels: [{name: a, target: 'a:1', settings: {timeout: 2s}}]}
client: {timeout: 7s})",
                          {"--clients.channels=[{name: b, target: 'b:1'}]"});
  ASSERT_TRUE(made) << made.error().front();
  EXPECT_EQ(made->of("b").settings.timeout().seconds(), 7);
}

TEST_F(ClientPlansTest, AServiceConfigIsReadAndCounts) {
  files["items.json"] = R"({"loadBalancingConfig":[{"round_robin":{}}],
    "methodConfig":[{"name":[{}],"hedgingPolicy":{"maxAttempts":2}}]})";
  const auto made = plans("client: {service_config_file: items.json}");
  ASSERT_TRUE(made) << made.error().front();
  EXPECT_THAT(layers(made->all), Contains("hedging"));
  EXPECT_NE(planned_options(made->all, "items:1", Logger()).balancer, nullptr);
  EXPECT_THAT(errors("client: {service_config_file: items.json, balancing: {policy: least_request}}"),
              ElementsAre(HasSubstr("client.balancing.policy: can't stand beside the loadBalancingConfig")));
  EXPECT_THAT(errors("client: {service_config_file: items.json, balancing: {subset: 3, outliers: {enabled: true}}}"),
              ElementsAre(HasSubstr("outliers.enabled: means nothing"), HasSubstr("subset: means nothing")));
  files["items.json"] = R"({"methodConfig":[{"name":[{}],"timeout":"1m"}]})";
  EXPECT_THAT(errors("client: {service_config_file: items.json}"),
              ElementsAre(HasSubstr("client.service_config_file: service config: methodConfig[0].timeout: '1m'")));
  EXPECT_THAT(errors("client: {service_config_file: none.json}"),
              ElementsAre(HasSubstr("can't be read: No such file")));
}

TEST_F(ClientPlansTest, ATokenIsNotSentInPlaintextUnlessThatIsMeant) {
  files["token"] = "abc\n";
  EXPECT_THAT(errors("client: {credentials: {token_file: token}}"),
              ElementsAre(HasSubstr("client.credentials.token_file: would be sent without TLS")));
  const auto made = plans("client: {credentials: {token_file: token, plaintext: true}}");
  ASSERT_TRUE(made);
  EXPECT_THAT(layers(made->all), Contains("credentials"));
  EXPECT_THAT(errors("client: {credentials: {token_file: nowhere, plaintext: true}}"),
              ElementsAre(HasSubstr("No such file or directory")));
}

TEST_F(ClientPlansTest, TokensThatAreFetchedNeedTheirSecretAndASafeWay) {
  files["secret"] = "s3cret\n";
  const auto made = plans(R"(
client:
  credentials:
    plaintext: true
    oauth2: {token_url: 'https://id.example/token', client_id: shop, client_secret_file: secret, scopes: [a, b]})");
  ASSERT_TRUE(made) << made.error().front();
  ASSERT_TRUE(made->all.oauth2);
  EXPECT_EQ(made->all.oauth2->client_secret, "s3cret");
  EXPECT_THAT(made->all.oauth2->scopes, ElementsAre("a", "b"));
  EXPECT_THAT(
      errors(
          "client: {credentials: {oauth2: {token_url: 'https://id/token', client_id: a, client_secret_file: secret}}}"),
      ElementsAre(HasSubstr("tokens that would be sent without TLS")));
  EXPECT_THAT(errors("client: {credentials: {plaintext: true, oauth2: {token_url: 'ftp://id', client_id: a, "
                     "client_secret_file: secret}}}"),
              ElementsAre(HasSubstr("is no URL")));
  EXPECT_THAT(
      errors("client: {credentials: {plaintext: true, oauth2: {token_url: 'https://id', client_secret_file: none}}}"),
      ElementsAre(HasSubstr("client_id: must be set"), HasSubstr("client_secret_file: No such file")));
  EXPECT_THAT(
      errors(
          "client: {credentials: {plaintext: true, oauth2: {token_url: 'https://id', client_id: a, client_secret_file: "
          "secret, ca_file: /nowhere/ca.pem}}}"),
      ElementsAre(HasSubstr("client.credentials.oauth2.ca_file: /nowhere/ca.pem can't be read")));
  EXPECT_THAT(errors("client: {credentials: {oauth2: {client_id: a}}}"),
              ElementsAre(HasSubstr("token_url: is missing")));
}

TEST_F(ClientPlansTest, AKeyOfOnesOwnSignsTokens) {
  // An Ed25519 key of thirty-two bytes in a row, of no use to anybody.
  files["key.pem"] =
      "-----BEGIN PRIVATE KEY-----\n"
      "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
      "-----END PRIVATE KEY-----\n";
  const auto made = plans(
      "client: {credentials: {plaintext: true, self_signed: {key_file: key.pem, issuer: shop, audience: items}}}");
  ASSERT_TRUE(made) << made.error().front();
  ASSERT_NE(made->all.sends, nullptr);
  EXPECT_TRUE(made->all.sends->token());
  EXPECT_THAT(layers(made->all), Contains("credentials"));
  EXPECT_THAT(errors("client: {credentials: {self_signed: {key_file: key.pem, issuer: shop, audience: items}}}"),
              ElementsAre(HasSubstr("signs tokens that would be sent without TLS")));
  files["key.pem"] = "nonsense";
  EXPECT_THAT(errors("client: {credentials: {plaintext: true, self_signed: {key_file: key.pem}}}"),
              ElementsAre(HasSubstr("issuer: must be set"), HasSubstr("audience: must be set"),
                          HasSubstr("it is no private key in PEM")));
  EXPECT_THAT(errors("client: {credentials: {self_signed: {issuer: shop}}}"),
              ElementsAre(HasSubstr("key_file: is missing")));
}

TEST_F(ClientPlansTest, WhatDoesNotFitIsSaidWithItsKey) {
  EXPECT_THAT(errors("client: {balancing: {policy: ring_hash}}"),
              ElementsAre(HasSubstr("client.balancing.hash_key: must be set")));
  EXPECT_THAT(errors("client: {balancing: {policy: ring_hash, hash_key: X User}}"),
              ElementsAre(HasSubstr("is no metadata key")));
  EXPECT_THAT(errors("client: {balancing: {outliers: {enabled: true}, health_check: true, subset: 3}}"),
              ElementsAre(HasSubstr("health_check: means nothing to pick_first"), HasSubstr("outliers.enabled"),
                          HasSubstr("subset")));
  EXPECT_THAT(errors("client: {retry: {codes: []}}"), ElementsAre(HasSubstr("client.retry.codes: is empty")));
  EXPECT_THAT(errors("client: {retry: {initial_backoff: 20s}}"),
              ElementsAre(HasSubstr("client.retry.max_backoff: is below")));
  EXPECT_THAT(errors("client: {breaker: {consecutive_failures: 0}}"),
              ElementsAre(HasSubstr("nothing would ever open it")));
  EXPECT_THAT(errors("client: {breaker: {failure_rate: 0.5, min_calls: 200}}"),
              ElementsAre(HasSubstr("no rate would ever be judged")));
  EXPECT_THAT(errors("clients: {channels: [{name: a, target: 'x:1'}, {name: a, target: 'y:1'}]}"),
              ElementsAre(HasSubstr("clients.channels[1].name: 'a' comes twice")));
  EXPECT_THAT(errors("clients: {channels: [{name: a, target: 'unix:'}]}"),
              ElementsAre(HasSubstr("clients.channels[0].target")));
  EXPECT_THAT(errors("clients: {channels: [{name: a, target: 'dns://ns.test/x:1'}]}"),
              ElementsAre(HasSubstr("clients.channels[0].target: 'ns.test' is no name server")));
  EXPECT_THAT(errors("clients: {channels: [{target: 'x:1'}]}"),
              ElementsAre(HasSubstr("clients.channels[0].name: must be set")));
  EXPECT_THAT(errors("clients: {channels: [{name: a, target: 'x:1', settings: {retry: {codes: []}}}]}"),
              ElementsAre(HasSubstr("clients.channels[0].settings.retry.codes: is empty")));
  EXPECT_THAT(errors("clients: {channels: [{name: a, target: 'x:1', settings: {time: 1s}}]}"),
              ElementsAre(HasSubstr("unknown key")));
}

}  // namespace
}  // namespace pintle

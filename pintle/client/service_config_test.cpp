#include <pintle/client/service_config.hpp>

#include <gmock/gmock.h>

#include <pintle/client/options.hpp>
#include <pintle/client/test_support/frame_server.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;

ServiceConfig good(std::string_view json) {
  auto config = ServiceConfig::parse(json);
  EXPECT_TRUE(config) << config.error().to_string();
  return config ? *config : ServiceConfig();
}
std::string bad(std::string_view json) {
  const auto config = ServiceConfig::parse(json);
  return config ? "it is good" : std::string(config.error().message());
}

constexpr std::string_view kWhole = R"({
  "loadBalancingConfig": [{"grpclb": {}}, {"round_robin": {}}],
  "methodConfig": [
    {"name": [{"service": "shop.v1.Shop", "method": "Get"}], "timeout": "1.5s", "waitForReady": true,
     "maxRequestMessageBytes": "1000", "maxResponseMessageBytes": 2000,
     "retryPolicy": {"maxAttempts": 9, "initialBackoff": "0.1s", "maxBackoff": "1s", "backoffMultiplier": 3,
                     "retryableStatusCodes": ["UNAVAILABLE", "aborted", 8]}},
    {"name": [{"service": "shop.v1.Shop"}],
     "hedgingPolicy": {"maxAttempts": 3, "hedgingDelay": "0.02s", "nonFatalStatusCodes": ["UNAVAILABLE"]}},
    {"name": [{}], "timeout": "10s"}],
  "retryThrottling": {"maxTokens": 100, "tokenRatio": 0.5},
  "healthCheckConfig": {"serviceName": "shop"},
  "somethingNew": {"a": [1]}})";

TEST(ServiceConfigTest, AWholeOneIsReadAndTheNearestNameCounts) {
  const ServiceConfig config = good(kWhole);
  const MethodConfig* get = config.of("shop.v1.Shop", "Get");
  ASSERT_NE(get, nullptr);
  EXPECT_EQ(get->timeout, 1500ms);
  EXPECT_EQ(get->wait_for_ready, true);
  EXPECT_EQ(get->max_request_bytes, 1000u);
  EXPECT_EQ(get->max_response_bytes, 2000u);
  ASSERT_TRUE(get->retry);
  EXPECT_EQ(get->retry->max_attempts, 5) << "A6 allows no more";
  EXPECT_EQ(get->retry->initial_backoff, 100ms);
  EXPECT_EQ(get->retry->multiplier, 3);
  EXPECT_EQ(get->retry->codes, (CodeSet{Code::unavailable, Code::aborted, Code::resource_exhausted}));
  EXPECT_EQ(config.of("shop.v1.Shop", "Put")->hedging->delay, 20ms);
  EXPECT_EQ(config.of("other.v1.Other", "Get")->timeout, 10s);
  EXPECT_EQ(config.balancer_name, "round_robin");
  EXPECT_EQ(config.throttling->token_ratio, 0.5);
  EXPECT_EQ(config.health_service, "shop");
}

TEST(ServiceConfigTest, AnEmptyOneSaysNothing) {
  const ServiceConfig config = good("{}");
  EXPECT_EQ(config.of("a", "b"), nullptr);
  EXPECT_EQ(config.balancer, nullptr);
}

TEST(ServiceConfigTest, WhatIsWrongIsNamedByItsPlace) {
  EXPECT_THAT(bad("{"), HasSubstr("it is no JSON"));
  EXPECT_THAT(bad("[]"), HasSubstr("an object is expected"));
  const auto method = [](std::string_view rest) {
    return R"({"methodConfig":[{"name":[{}],)" + std::string(rest) + "}]}";
  };
  const auto retry = [&](std::string_view fields) {
    return bad(method(R"("retryPolicy":{)" + std::string(fields) + "}"));
  };
  EXPECT_THAT(retry(R"("maxAttempts":1)"),
              HasSubstr("methodConfig[0].retryPolicy.maxAttempts: a whole number of at least 2 is needed"));
  EXPECT_THAT(retry(R"("maxAttempts":2)"), HasSubstr("initialBackoff: a duration above 0s is needed"));
  EXPECT_THAT(retry(R"("maxAttempts":2,"initialBackoff":"0s")"), HasSubstr("initialBackoff"));
  EXPECT_THAT(retry(R"("maxAttempts":2,"initialBackoff":"1s","maxBackoff":"1m")"), HasSubstr("'1m' is no duration"));
  const std::string most = R"("maxAttempts":2,"initialBackoff":"1s","maxBackoff":"1s","backoffMultiplier":)";
  EXPECT_THAT(retry(most + "0"), HasSubstr("backoffMultiplier: it must be above 0"));
  EXPECT_THAT(retry(most + "1"), HasSubstr("at least one status code"));
  EXPECT_THAT(retry(most + R"(1,"retryableStatusCodes":["NOPE"])"),
              HasSubstr("retryableStatusCodes[0]: a status code is expected"));
  EXPECT_THAT(retry(most + R"(1,"retryableStatusCodes":[17])"), HasSubstr("a status code is expected"));
  EXPECT_THAT(retry(most + R"(1,"retryableStatusCodes":[14]},"hedgingPolicy":{"maxAttempts":2)"),
              HasSubstr("not both"));
  EXPECT_THAT(bad(method(R"("timeout":5)")), HasSubstr("methodConfig[0].timeout: a text is expected"));
  for (const char* time : {"-1s", "1", "s", "1.s", ".5s", "1e3s", "1.0123456789s", "9999999999999s"})
    EXPECT_THAT(bad(method(R"("timeout":")" + std::string(time) + "\"")), HasSubstr("is no duration")) << time;
  EXPECT_THAT(bad(method(R"("waitForReady":"yes")")), HasSubstr("true or false"));
  EXPECT_THAT(bad(method(R"("maxRequestMessageBytes":-1)")), HasSubstr("whole number"));
  EXPECT_THAT(bad(R"({"methodConfig":[{"name":[{"method":"Get"}]}]})"), HasSubstr("it needs a service"));
  EXPECT_THAT(bad(R"({"methodConfig":[{"name":[{"service":"a"}]},{"name":[{"service":"a"}]}]})"),
              HasSubstr("methodConfig[1].name: 'a/' has a config already"));
  EXPECT_THAT(bad(R"({"retryThrottling":{"maxTokens":0,"tokenRatio":1}})"), HasSubstr("(0, 1000]"));
  EXPECT_THAT(bad(R"({"retryThrottling":{"maxTokens":1001,"tokenRatio":1}})"), HasSubstr("(0, 1000]"));
  EXPECT_THAT(bad(R"({"retryThrottling":{"maxTokens":10}})"), HasSubstr("tokenRatio: a number is needed"));
}

TEST(ServiceConfigTest, BalancersAreReadWithWhatTheySay) {
  for (const char* name : {"pick_first", "round_robin", "weighted_round_robin", "least_request_experimental",
                           "ring_hash_experimental", "least_request"})
    EXPECT_EQ(good(R"({"loadBalancingConfig":[{")" + std::string(name) + "\":{}}]}").balancer_name, name);
  EXPECT_NE(good(R"({"loadBalancingConfig":[{"outlier_detection_experimental":{"interval":"5s","maxEjectionPercent":30,
                 "failurePercentageEjection":{"threshold":50},"childPolicy":[{"round_robin":{}}]}}]})")
                .balancer,
            nullptr);
  EXPECT_THAT(bad(R"({"loadBalancingConfig":[{"grpclb":{}},{"xds":{}}]})"),
              HasSubstr("none of its policies is known here: grpclb, xds"));
  EXPECT_THAT(bad(R"({"loadBalancingConfig":[{"round_robin":{},"x":{}}]})"), HasSubstr("one policy is expected"));
  EXPECT_THAT(bad(R"({"loadBalancingConfig":[{"least_request":{"choiceCount":1}}]})"), HasSubstr("2 at least"));
  EXPECT_THAT(bad(R"({"loadBalancingConfig":[{"outlier_detection":{}}]})"), HasSubstr("childPolicy"));
  EXPECT_THAT(bad(R"({"loadBalancingConfig":[{"outlier_detection":{"maxEjectionPercent":101}}]})"),
              HasSubstr("100 at most"));
  EXPECT_THAT(bad(R"({"loadBalancingConfig":[{"ring_hash":{"minRingSize":10,"maxRingSize":5}}]})"),
              HasSubstr("must not be below"));
}

TEST(ServiceConfigTest, AMethodThatIsNamedForItsTimeoutOnlyIsTriedAgainAsOthersAre) {
  client::test::ChannelTest test([] {
    ChannelOptions options;
    Resilience otherwise;
    otherwise.retry.emplace();
    otherwise.only_idempotent = false;
    apply(good(R"({"methodConfig":[{"name":[{"service":"s","method":"m"}],"timeout":"20s"}]})"), options, otherwise);
    return options;
  }());
  auto running = test.connected_call("/s/m");
  test.peer().send(client::test::Peer::trailers(
      1, {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "14"}}));
  EXPECT_FALSE(running.done());
  test.loop.advance(1s);
  test.peer().answer(3);
  EXPECT_TRUE(running.get().status.ok());
}

// -- What a channel makes of it
// ----------------------------------------------------------------------------------------

struct ConfiguredChannel : ::testing::Test, client::test::ChannelTest {
  static ChannelOptions configured() {
    ChannelOptions options;
    apply(good(R"({"methodConfig": [
      {"name": [{"service": "s", "method": "short"}], "timeout": "1s"},
      {"name": [{"service": "s", "method": "waits"}], "waitForReady": true},
      {"name": [{"service": "s", "method": "small"}], "maxRequestMessageBytes": 3, "maxResponseMessageBytes": 0},
      {"name": [{"service": "s", "method": "again"}],
       "retryPolicy": {"maxAttempts": 2, "initialBackoff": "1s", "maxBackoff": "1s", "backoffMultiplier": 1,
                       "retryableStatusCodes": ["ABORTED"]}}]})"),
          options);
    return options;
  }
  ConfiguredChannel() : ChannelTest(configured()) {}
};

TEST_F(ConfiguredChannel, TheShorterTimeoutCounts) {
  auto long_one = call("/s/short", CallOptions().timeout(60s));
  auto short_one = call("/s/short", CallOptions().timeout(500ms));
  peer().settle();
  loop.advance(500ms);
  EXPECT_TRUE(short_one.done());
  loop.advance(499ms);
  EXPECT_FALSE(long_one.done());
  loop.advance(1ms);
  EXPECT_TRUE(long_one.done());
  EXPECT_THAT(peer().calls(), Contains(HasSubstr("grpc-timeout=1")));
}

TEST_F(ConfiguredChannel, WaitingIsByMethodAndTheCallMaySayOtherwise) {
  server->refuses = true;
  auto waits = call("/s/waits");
  auto fails = call("/s/waits", CallOptions().wait_for_ready(false));
  EXPECT_TRUE(fails.done());
  EXPECT_FALSE(waits.done());
}

TEST_F(ConfiguredChannel, SizesAreByMethod) {
  auto large = connected_call("/s/small", {}, Kind::unary, {"four"});
  const Status status = large.get().status;
  EXPECT_EQ(status.code(), Code::resource_exhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("4 bytes; 3 may be sent"));
}

TEST_F(ConfiguredChannel, AnEmptyResponseFitsInNothing) {
  auto empty = connected_call("/s/small", {}, Kind::unary, {"abc"});
  peer().answer(1, "");
  EXPECT_TRUE(empty.get().status.ok());
  auto full = call("/s/small", {}, Kind::unary, {"abc"});
  peer().answer(3, "x");
  EXPECT_EQ(full.get().status.code(), Code::resource_exhausted);
}

TEST_F(ConfiguredChannel, RetriesAreByMethod) {
  const auto aborted = [](std::uint32_t stream) {
    return client::test::Peer::trailers(
        stream, {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "10"}});
  };
  auto again = connected_call("/s/again");
  peer().send(aborted(1));
  EXPECT_FALSE(again.done());
  loop.advance(1s);
  peer().answer(3);
  EXPECT_TRUE(again.get().status.ok());
  auto once = call("/s/other");
  peer().send(aborted(5));
  EXPECT_EQ(once.get().status.code(), Code::aborted);
}

}  // namespace
}  // namespace pintle

#include <pintle/middleware/rate_limit/rate_limit_layer.hpp>

#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>

#include <pintle/rpc/details.hpp>
#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using testing::LayerDriver;

RateRule rule(RateRule::Key key, std::uint32_t burst = 1) {
  RateRule made("calls");
  made.key = key;
  made.metadata_key = "x-tenant";
  made.burst = burst;
  return made;
}

struct RateLimitLayerTest : ::testing::Test {
  LayerDriver& drive(std::vector<RateRule> rules, std::vector<std::string> except = {}) {
    driver.emplace(Side::server, std::make_shared<RateLimitLayer>(std::move(rules), std::move(except)));
    return *driver;
  }
  Code ask(std::string_view subject, std::string_view peer = "ipv4:10.0.0.1:5", std::string_view tenant = "") {
    auto& call = driver->call();
    if (!tenant.empty()) call.metadata("x-tenant", tenant);
    call.call().set_identity(std::make_shared<const Identity>(Identity().subject(subject)));
    call.call().facts.peer = peer;
    return call.start().status().code();
  }
  std::optional<LayerDriver> driver;
};

TEST_F(RateLimitLayerTest, WhoComesTooOftenHearsWhenToComeBack) {
  drive({rule(RateRule::Key::all, 2)});
  EXPECT_EQ(ask("anna"), Code::ok);
  EXPECT_EQ(ask("bert"), Code::ok);
  auto& refused = driver->call().start();
  EXPECT_EQ(refused.status(), Status(Code::resource_exhausted, "the rate limit 'calls' is reached"));
  EXPECT_EQ(detail_of<google::rpc::RetryInfo>(refused.status())->retry_delay().seconds(), 1);
  EXPECT_EQ(refused.trailers().get("grpc-retry-pushback-ms"), "1000");
  EXPECT_EQ(driver->reached(), 2u);
  EXPECT_EQ(driver->meter.value("pintle.rate_limit.refused{limit=calls}"), 1);
  driver->advance(1s);
  EXPECT_EQ(ask("anna"), Code::ok);
}

TEST_F(RateLimitLayerTest, ByPrincipalPeerAndMetadata) {
  drive({rule(RateRule::Key::principal)});
  EXPECT_EQ(ask("anna"), Code::ok);
  EXPECT_EQ(ask("bert"), Code::ok);
  EXPECT_EQ(ask("anna"), Code::resource_exhausted);
  drive({rule(RateRule::Key::peer)});
  EXPECT_EQ(ask("anna", "ipv4:10.0.0.1:1"), Code::ok);
  EXPECT_EQ(ask("anna", "ipv4:10.0.0.1:2"), Code::resource_exhausted) << "another port is no other peer";
  EXPECT_EQ(ask("anna", "ipv6:[::1]:1"), Code::ok);
  EXPECT_EQ(ask("anna", "ipv6:[::1]:2"), Code::resource_exhausted);
  drive({rule(RateRule::Key::metadata)});
  EXPECT_EQ(ask("anna", "", "acme"), Code::ok);
  EXPECT_EQ(ask("anna", "", "acme"), Code::resource_exhausted);
  EXPECT_EQ(ask("anna", "", "other"), Code::ok);
  EXPECT_EQ(ask("anna", ""), Code::ok);
  EXPECT_EQ(ask("anna", ""), Code::resource_exhausted);
}

TEST_F(RateLimitLayerTest, EachRuleThatCountsAMethodMustHaveRoom) {
  RateRule elsewhere = rule(RateRule::Key::all);
  elsewhere.pattern = "/other/*";
  drive({elsewhere, rule(RateRule::Key::all, 2), rule(RateRule::Key::principal)});
  EXPECT_EQ(ask("anna"), Code::ok);
  EXPECT_EQ(ask("anna"), Code::resource_exhausted);
  EXPECT_EQ(ask("bert"), Code::resource_exhausted) << "the first has none any more";
  drive({rule(RateRule::Key::all)}, {"/test.v1.Test/*"});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask("anna"), Code::ok);
}

}  // namespace
}  // namespace pintle

// The two layers, driven alone: what they let through, what they say, what they measure.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "identity_layer.hpp"
#include "metrics_layer.hpp"
#include "vault.pintle.hpp"
#include <pintle/testing/kit/layer_driver.hpp>

namespace layers {
namespace {

using pintle::Code;
using pintle::Side;
using pintle::Status;
using pintle::testing::DrivenCall;
using pintle::testing::LayerDriver;
using pintle::testing::Script;
using std::chrono::milliseconds;
using ::testing::ElementsAre;

const pintle::MethodInfo& method(std::size_t index) { return v1::Vault::info().methods[index]; }

std::shared_ptr<const IdentityLayer> identity_layer() {
  const auto person = [](std::string_view name, std::string_view role) {
    return std::make_shared<const pintle::Identity>(pintle::Identity().subject(name).role(role));
  };
  return std::make_shared<IdentityLayer>(Tokens{{"a", person("anna", "keeper")}, {"b", person("ben", "visitor")}});
}

// [identity]
TEST(IdentityLayer, LetsInWhoIsKnownAndHasTheRoleOfTheMethod) {
  LayerDriver driver(Side::server, identity_layer());
  driver.method(method(1)).next(Script().reads());
  const auto code = [&](std::string_view authorization) {
    DrivenCall& call = driver.call().sends("");
    if (!authorization.empty()) call.metadata("authorization", authorization);
    return call.start().status().code();
  };
  EXPECT_EQ(code(""), Code::unauthenticated);
  EXPECT_EQ(code("Bearer x"), Code::unauthenticated);
  EXPECT_EQ(code("Basic a"), Code::unauthenticated);
  EXPECT_EQ(code("Bearer b"), Code::permission_denied);
  EXPECT_EQ(driver.reached(), 0u);
  EXPECT_EQ(code("Bearer a"), Code::ok);
  EXPECT_EQ(driver.reached(), 1u);
}
// [/identity]

TEST(IdentityLayer, TellsTheHandlerWhoCalls) {
  LayerDriver driver(Side::server, identity_layer());
  std::string subject;
  driver.method(method(0)).next(Script().does([&](pintle::LayerCall& call) { subject = call.identity().subject(); }));
  EXPECT_EQ(driver.call().metadata("authorization", "Bearer b").start().status(), Status());
  EXPECT_EQ(subject, "ben");
}

TEST(IdentityLayer, AsksForTheRoleThatTheConfigurationPutsOverTheProto) {
  google::protobuf::MethodOptions options;
  options.SetExtension(v1::role, "visitor");
  LayerDriver driver(Side::server, identity_layer());
  driver.method(method(1)).options(options.SerializeAsString());
  EXPECT_EQ(driver.call().metadata("authorization", "Bearer a").start().status().code(), Code::permission_denied);
  EXPECT_EQ(driver.call().metadata("authorization", "Bearer b").start().status(), Status());
}

TEST(MetricsLayer, RecordsHowLongACallTookAndHowItEnded) {
  LayerDriver driver(Side::server, std::make_shared<MetricsLayer>());
  driver.next(Script().reads_all().writes("x").writes("y").waits(milliseconds(250)).returns(Status(Code::aborted, "")));
  (void)driver.call().sends("a").ends().start();
  driver.advance(milliseconds(250));
  EXPECT_THAT(driver.meter.records("rpc.call.duration{rpc.method=/test.v1.Test/Call}"), ElementsAre(0.25));
  EXPECT_EQ(driver.meter.value("rpc.calls{rpc.method=/test.v1.Test/Call,rpc.status=ABORTED}"), 1);
  EXPECT_EQ(driver.meter.value("rpc.calls{rpc.method=/test.v1.Test/Call,rpc.status=OK}"), 0);
}

// A layer inside that keeps the cancelling to itself.
class Deaf final : public pintle::Layer {
 public:
  std::string_view name() const override { return "deaf"; }
  std::unique_ptr<pintle::Handler> wrap(const pintle::Site&, pintle::Handler& next) const override {
    struct Ignoring final : pintle::Handler {
      explicit Ignoring(pintle::Handler& n) : inner(n) {}
      pintle::Task<Status> operator()(pintle::LayerCall& call) override {
        (void)co_await inner(call);
        co_return Status();
      }
      pintle::Handler& inner;
    };
    return std::make_unique<Ignoring>(next);
  }
};

// [outcome]
TEST(MetricsLayer, RecordsWhatThePeerWasToldAndNotWhatALayerReturned) {
  LayerDriver driver(Side::server, {std::make_shared<MetricsLayer>(), std::make_shared<Deaf>()});
  driver.next(Script().waits_for_cancellation());
  DrivenCall& call = driver.call().timeout(milliseconds(100)).start();
  driver.advance(milliseconds(100));
  ASSERT_TRUE(call.done());
  EXPECT_EQ(call.returned(), Status());
  EXPECT_EQ(driver.meter.value("rpc.calls{rpc.method=/test.v1.Test/Call,rpc.status=DEADLINE_EXCEEDED}"), 1);
  EXPECT_EQ(driver.meter.value("rpc.calls{rpc.method=/test.v1.Test/Call,rpc.status=OK}"), 0);
}
// [/outcome]

TEST(MetricsLayer, RecordsRefusedCallsToo) {
  LayerDriver driver(Side::server, {std::make_shared<MetricsLayer>(), identity_layer()});
  (void)driver.call()
      .refused(Status(Code::unimplemented, "no such method"))
      .metadata("authorization", "Bearer a")
      .start();
  EXPECT_EQ(driver.meter.value("rpc.calls{rpc.method=/test.v1.Test/Call,rpc.status=UNIMPLEMENTED}"), 1);
}

TEST(MetricsLayer, CountsMessagesWithoutATap) {
  LayerDriver driver(Side::client, std::make_shared<MetricsLayer>());
  driver.next(Script().does([](pintle::LayerCall& call) { call.traffic.in.messages = 2; }));
  (void)driver.call().start();
  (void)driver.call().start();
  EXPECT_EQ(driver.meter.value("rpc.messages{rpc.method=/test.v1.Test/Call,direction=in}"), 4);
}

TEST(IdentityLayer, ATokenThatTheConnectionKnowsIsNotLookedUp) {
  LayerDriver driver(Side::server, identity_layer());
  pintle::VerifiedCredential connection;
  connection.store(0, "Bearer lent", 1, std::make_shared<const pintle::Identity>(pintle::Identity().subject("lea")));
  std::string subject;
  driver.next(Script().does([&](pintle::LayerCall& call) { subject = call.identity().subject(); }));
  for (const std::string_view token : {"Bearer lent", "Bearer b", "Bearer lent"}) {
    DrivenCall& call = driver.call().metadata("authorization", token);
    call.call().verified = &connection;
    (void)call.start();
  }
  EXPECT_EQ(driver.reached(), 2u) << "only the last token is remembered";
  EXPECT_EQ(subject, "ben");
}

TEST(BothLayers, TheOneOutsideCountsWhyTheOneInsideKeptACallOut) {
  LayerDriver driver(Side::server, {identity_layer(), std::make_shared<MetricsLayer>()});
  driver.method(method(1));
  (void)driver.call().sends("").start();
  (void)driver.call().sends("").metadata("authorization", "Bearer x").start();
  (void)driver.call().sends("").metadata("authorization", "Bearer b").start();
  (void)driver.call().sends("").metadata("authorization", "Bearer a").start();
  for (const std::string_view why : {"no_token", "unknown_token", "no_role"})
    EXPECT_EQ(driver.meter.value("rpc.kept_out{rpc.method=/layers.v1.Vault/Open,reason=" + std::string(why) + "}"), 1)
        << why;
  EXPECT_EQ(driver.reached(), 1u);
}

}  // namespace
}  // namespace layers

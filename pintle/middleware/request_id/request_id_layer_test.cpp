#include <pintle/middleware/request_id/request_id_layer.hpp>

#include <gmock/gmock.h>

#include <pintle/rpc/request_id.hpp>
#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using testing::LayerDriver;
using ::testing::MatchesRegex;
using ::testing::Ne;
using testing::Script;

struct RequestIdTest : ::testing::Test {
  // What the handler finds.
  static std::string* seen() {
    static std::string id;
    return &id;
  }
  static Script looks() {
    return Script().does([](LayerCall& call) {
      const auto* id = call.find<RequestId>();
      *seen() = id != nullptr ? id->value : "none";
    });
  }
  LayerDriver server{Side::server, std::make_shared<RequestIdLayer>()};
  LayerDriver client{Side::client, std::make_shared<RequestIdLayer>()};
};

TEST_F(RequestIdTest, TheCallersIdIsKeptAndToldBack) {
  server.next(looks().sends_head());
  const auto& call = server.call().metadata("x-request-id", "order-4711").start();
  EXPECT_EQ(*seen(), "order-4711");
  ASSERT_TRUE(call.head());
  EXPECT_EQ(call.head()->get("x-request-id"), "order-4711");
}

TEST_F(RequestIdTest, WithoutOneANewOneIsMadeEachTime) {
  server.next(looks());
  server.call().start();
  const std::string first = *seen();
  EXPECT_THAT(first, MatchesRegex("[0-9a-f]{32}"));
  server.call().start();
  EXPECT_THAT(*seen(), Ne(first));
}

TEST_F(RequestIdTest, WhatMayNotStandInALogIsReplaced) {
  server.next(looks());
  for (const std::string& bad : {std::string(), std::string(129, 'x'), std::string("a b"), std::string("a\x7f")}) {
    EXPECT_FALSE(is_request_id(bad));
    server.call().metadata("x-request-id", bad).start();
    EXPECT_THAT(*seen(), MatchesRegex("[0-9a-f]{32}")) << bad;
  }
  EXPECT_TRUE(is_request_id(std::string(128, 'x')));
}

TEST_F(RequestIdTest, AClientsCallHasItsOwnOrThatOfTheCallThatItIsMadeFor) {
  client.next(looks());
  client.call().start();
  EXPECT_THAT(*seen(), MatchesRegex("[0-9a-f]{32}"));
  EXPECT_EQ(client.heard(0).metadata.get("x-request-id"), *seen());

  client.call().metadata("x-request-id", "mine").start();
  EXPECT_EQ(*seen(), "mine");

  server.next(looks().does([&](LayerCall& incoming) {
    auto& outgoing = client.call();
    outgoing.call().parent = &incoming;
    outgoing.start();
    outgoing.call().parent = nullptr;
  }));
  server.call().metadata("x-request-id", "from-above").start();
  EXPECT_EQ(client.heard(2).metadata.get("x-request-id"), "from-above");
}

}  // namespace
}  // namespace pintle

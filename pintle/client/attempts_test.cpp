// Retries and hedges on a real channel, against servers that are strings of frames: what is sent again, where, and what
// the others hear (gRFC A6).
#include <gmock/gmock.h>

#include <pintle/client/service_config.hpp>
#include <pintle/client/test_support/frame_server.hpp>

namespace pintle::client::test {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

ChannelOptions transparent() {
  ChannelOptions options;
  apply(ServiceConfig(), options);
  return options;
}

struct TransparentRetry : ::testing::Test, ChannelTest {
  TransparentRetry() : ChannelTest(transparent()) {}
};

TEST_F(TransparentRetry, WhatTheServerRefusedIsSentAgainOnceAndNobodyKnows) {
  auto running = connected_call();
  (void)peer().calls();
  peer().send(wire::rst(1, http2::ErrorCode::refused_stream));
  EXPECT_FALSE(running.done());
  const Lines again = peer().calls();
  EXPECT_THAT(again, Contains(HasSubstr("HEADERS 3")));
  EXPECT_THAT(again, Not(Contains(HasSubstr("grpc-previous-rpc-attempts")))) << "it is not counted";
  peer().answer(3);
  EXPECT_TRUE(running.get().status.ok());
}

TEST_F(TransparentRetry, ASecondRefusalIsTheCalls) {
  auto running = connected_call();
  peer().send(wire::rst(1, http2::ErrorCode::refused_stream));
  peer().send(wire::rst(3, http2::ErrorCode::refused_stream));
  EXPECT_EQ(running.get().status.code(), Code::unavailable);
}

TEST_F(TransparentRetry, WhatAGoawaySaysWasNotBegunGoesToANewConnection) {
  auto running = connected_call();
  peer().send(wire::goaway(0, http2::ErrorCode::no_error));
  EXPECT_FALSE(running.done());
  ASSERT_EQ(dials(), 2u);
  peer().settle();
  peer().answer(1);
  EXPECT_TRUE(running.get().status.ok());
}

TEST_F(TransparentRetry, WhatMayHaveBeenRunIsNotSentAgain) {
  auto running = connected_call();
  (void)peer().calls();
  peer().hang_up();
  EXPECT_EQ(running.get().status.code(), Code::unavailable);
  auto other = connected_call();
  peer().send(wire::rst(1, http2::ErrorCode::internal_error));
  EXPECT_EQ(other.get().status.code(), Code::internal);
  EXPECT_THAT(peer().calls(), Not(Contains(HasSubstr("HEADERS 3"))));
}

TEST_F(TransparentRetry, AStreamThatWasRefusedSendsItsMessagesAgain) {
  auto running = connected_call("/s/m", {}, Kind::bidi, {"one", "two"});
  (void)peer().calls();
  peer().send(wire::rst(1, http2::ErrorCode::refused_stream));
  const Lines again = peer().calls();
  EXPECT_THAT(again, Contains(HasSubstr("one")));
  EXPECT_THAT(again, Contains(HasSubstr("two")));
  peer().answer(3);
  EXPECT_TRUE(running.get().status.ok());
}

ChannelOptions hedged() {
  ChannelOptions options;
  Resilience resilience;
  HedgingPolicy policy;
  policy.delay = 100ms;
  resilience.hedging.emplace_back("*", policy);
  apply(ServiceConfig(), options, resilience);
  return options;
}

struct HedgedCall : ::testing::Test, ChannelTest {
  HedgedCall() : ChannelTest(hedged()) {}
};

TEST_F(HedgedCall, WhoComesSecondHearsThatNobodyWantsItAnyMore) {
  auto running = connected_call();
  (void)peer().calls();
  loop.advance(100ms);
  EXPECT_THAT(peer().calls(), Contains(HasSubstr("grpc-previous-rpc-attempts=1")));
  peer().answer(3, "from the hedge");
  ASSERT_TRUE(running.done());
  EXPECT_THAT(peer().calls(), Contains(HasSubstr("RST_STREAM 1 CANCEL")));
  const Outcome outcome = running.get();
  EXPECT_TRUE(outcome.status.ok());
  EXPECT_THAT(outcome.responses, ::testing::ElementsAre("from the hedge"));
}

TEST_F(HedgedCall, AHeadDecidesBeforeTheMessageIsThere) {
  auto running = connected_call();
  loop.advance(100ms);
  peer().send(Peer::head(1));
  EXPECT_THAT(peer().calls(), Contains(HasSubstr("RST_STREAM 3 CANCEL")));
  peer().send(wire::data(1, message("slow")) + Peer::trailers(1, {{"grpc-status", "0"}}));
  EXPECT_TRUE(running.get().status.ok());
}

TEST_F(HedgedCall, ACallerThatLetsGoEndsThemAll) {
  auto running = connected_call();
  loop.advance(100ms);
  (void)peer().calls();
  running.cancel();
  const Lines ended = peer().calls();
  EXPECT_THAT(ended, Contains(HasSubstr("RST_STREAM 1 CANCEL")));
  EXPECT_THAT(ended, Contains(HasSubstr("RST_STREAM 3 CANCEL")));
}

}  // namespace
}  // namespace pintle::client::test

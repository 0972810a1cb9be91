// More connections to one endpoint while its streams run out (gRFC A105).
#include <gmock/gmock.h>

#include <pintle/client/test_support/frame_server.hpp>
#include <pintle/rpc/inspect.hpp>

namespace pintle::client::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::SizeIs;

ChannelOptions three() {
  ChannelOptions options;
  options.max_connections = 3;
  options.connection.idle_timeout = 60s;
  return options;
}

struct GrowthTest : ::testing::Test, ChannelTest {
  GrowthTest() : ChannelTest(three()) {}
  Peer& peer_at(std::size_t i) { return server->peers[i]; }
  void settle(Peer& peer, std::uint32_t streams = 1) {
    peer.settle({{http2::SettingId::max_concurrent_streams, streams}});
  }
  std::size_t connections() {
    auto running = loop.start(channel->inspect());
    return running.get()->loops.front().connections.size();
  }
};

TEST_F(GrowthTest, AnotherIsMadeWhenTheFirstIsFullAndNotBefore) {
  auto first = call();
  settle(peer_at(0), 2);
  auto second = call();
  EXPECT_EQ(dials(), 1u);
  auto third = call();
  ASSERT_EQ(dials(), 2u);
  settle(peer_at(1), 2);
  peer_at(1).answer(1, "from the second");
  ASSERT_TRUE(third.done());
  EXPECT_TRUE(third.get().status.ok());
  peer_at(0).answer(1);
  EXPECT_TRUE(first.done());
  auto fourth = call();
  EXPECT_EQ(dials(), 2u);
  peer_at(0).answer(5, "the first has room again");
  EXPECT_TRUE(fourth.done());
  EXPECT_FALSE(second.done());
}

TEST_F(GrowthTest, NotMoreThanTheCapAndTheRestWaitsInLine) {
  std::vector<RunningCall> calls;
  for (int i = 0; i < 5; ++i) calls.push_back(call());
  for (std::size_t i = 0; i < 3; ++i) settle(peer_at(i));
  EXPECT_EQ(dials(), 3u);
  for (std::size_t i = 0; i < 3; ++i) peer_at(i).answer(1);
  for (std::size_t i = 0; i < 2; ++i) peer_at(i).answer(3);
  for (auto& one : calls) EXPECT_TRUE(one.done());
  EXPECT_EQ(dials(), 3u);
}

TEST_F(GrowthTest, OneThatCannotBeMadeHurtsNobodyAndIsTriedAfterTheBackoff) {
  auto first = call();
  settle(peer_at(0));
  server->refuses = true;
  auto second = call();
  EXPECT_EQ(dials(), 2u);
  auto third = call();
  EXPECT_EQ(dials(), 2u);
  peer_at(0).answer(1);
  peer_at(0).answer(3);
  EXPECT_TRUE(first.get().status.ok());
  EXPECT_TRUE(second.get().status.ok());
  EXPECT_FALSE(third.done());
  auto fourth = call();
  server->refuses = false;
  loop.advance(999ms);
  EXPECT_EQ(dials(), 2u);
  loop.advance(1ms);
  EXPECT_EQ(dials(), 3u);
  settle(peer_at(1));
  peer_at(1).answer(1);
  peer_at(0).answer(5);
  EXPECT_TRUE(third.done() && fourth.done());
}

TEST_F(GrowthTest, WhereOneIsLostTheOthersGoOn) {
  auto first = call(), second = call();
  settle(peer_at(0));
  settle(peer_at(1));
  peer_at(0).hang_up();
  EXPECT_EQ(first.get().status.code(), Code::unavailable);
  EXPECT_FALSE(second.done());
  peer_at(1).answer(1);
  EXPECT_TRUE(second.get().status.ok());
  auto third = call();
  peer_at(1).answer(3);
  EXPECT_TRUE(third.get().status.ok());
  EXPECT_EQ(dials(), 2u);
}

TEST_F(GrowthTest, WhatIsNotNeededAnyMoreCloses) {
  auto first = call(), second = call();
  settle(peer_at(0));
  settle(peer_at(1));
  peer_at(0).answer(1);
  peer_at(1).answer(1);
  EXPECT_EQ(connections(), 2u);
  for (std::uint32_t id = 3; id < 11; id += 2) {  // one at a time: the first has them all
    loop.advance(30s);
    auto one = call();
    peer_at(0).answer(id);
    ASSERT_TRUE(one.done());
  }
  EXPECT_EQ(connections(), 1u);
  EXPECT_FALSE(peer_at(1).client_is_there());
}

TEST_F(GrowthTest, AServerThatSaysGoodByeOnOneIsLeftOnThatOneOnly) {
  auto first = call(), second = call();
  settle(peer_at(0));
  settle(peer_at(1));
  peer_at(0).send(wire::goaway(1, http2::ErrorCode::no_error));
  auto third = call();
  EXPECT_EQ(dials(), 3u) << "one full, one leaving";
  settle(peer_at(2));
  peer_at(0).answer(1);
  peer_at(1).answer(1);
  peer_at(2).answer(1);
  EXPECT_TRUE(first.get().status.ok() && second.get().status.ok() && third.get().status.ok());
}

TEST_F(GrowthTest, ADeadlineInLineSaysWhatItWaitedFor) {
  std::vector<RunningCall> calls;
  for (int i = 0; i < 3; ++i) calls.push_back(call());
  for (std::size_t i = 0; i < 3; ++i) settle(peer_at(i));
  auto waits = call("/s/m", CallOptions().timeout(1s));
  loop.advance(1s);
  ASSERT_TRUE(waits.done());
  EXPECT_THAT(std::string(waits.get().status.message()), HasSubstr("the server allows no more of them at once"));
}

struct ExplainedTest : ::testing::Test, ChannelTest {};

TEST_F(ExplainedTest, ADeadlineBeforeThereWasAConnectionSaysWhyThereWasNone) {
  server->refuses = true;
  auto waits = call("/s/m", CallOptions().timeout(10s).wait_for_ready());
  loop.advance(10s);
  const Status status = waits.get().status;
  EXPECT_EQ(status.code(), Code::deadline_exceeded);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("while it waited for a connection (attempts that failed: 5; the last: can't connect: "
                        "connection refused by the test)"));
}

}  // namespace
}  // namespace pintle::client::test

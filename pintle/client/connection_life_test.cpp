// Keepalive and idleness of a channel's connections (gRFC A8; the idle timeout of connectivity-semantics-and-api.md).
#include <gmock/gmock.h>

#include <pintle/client/test_support/frame_server.hpp>

namespace pintle::client::test {
namespace {

using http2::ErrorCode;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

// What a process logs whose level is the default one.
class DefaultLog final : public LogSink {
 public:
  bool enabled(Level level) const noexcept override { return level >= Level::info; }
  void write(Level, std::string_view message, std::span<const Field>) noexcept override { lines.emplace_back(message); }
  Lines lines;
};

ChannelOptions pings_after(Duration time, DefaultLog& log) {
  ChannelOptions options;
  options.connection.keepalive.time = time;
  options.log = Logger(&log);
  return options;
}

RunningCall stream_on(ChannelTest& test, std::size_t loop) {
  return test.loop.start(bytes_call(test.channel, "/s/m", Kind::server_stream, {"hi"}, {}), loop, &test.all_calls);
}

// A call that stays open, on the newest connection.
RunningCall stream(ChannelTest& test) {
  RunningCall running = stream_on(test, 0);
  test.peer().settle();
  test.peer().calls();
  return running;
}

// How long after the last byte `peer`'s client pings; a second is the grain.
Duration silence_before_ping(ChannelTest& test, Peer& peer) {
  for (seconds waited(0); waited < minutes(60); waited += seconds(1)) {
    for (const std::string& line : peer.calls())
      if (line.starts_with("PING ")) return waited;
    test.loop.advance(seconds(1));
  }
  return Duration::max();
}

void complain(Peer& peer, std::string why) {
  peer.send(wire::goaway(1, ErrorCode::enhance_your_calm, std::move(why)));
  peer.hang_up();
}

TEST(ChannelKeepalive, ATimeBelowTenSecondsIsRaisedAndTheLogSaysSo) {
  DefaultLog log;
  ChannelTest test(pings_after(seconds(1), log));
  EXPECT_THAT(log.lines, ElementsAre(AllOf(HasSubstr("keepalive.time"), HasSubstr("10 s are used"))));
  stream(test);
  EXPECT_EQ(silence_before_ping(test, test.peer()), seconds(10));
}

TEST(ChannelKeepalive, TenSecondsAreFine) {
  DefaultLog log;
  ChannelTest test(pings_after(seconds(10), log));
  EXPECT_THAT(log.lines, IsEmpty());
}

TEST(ChannelKeepalive, IsOffUnlessItWasSet) {
  ChannelTest test;
  stream(test);
  EXPECT_EQ(silence_before_ping(test, test.peer()), Duration::max());
}

TEST(ChannelKeepalive, ADeadServerCostsACallTimeAndTimeout) {
  DefaultLog log;
  ChannelTest test(pings_after(seconds(60), log));
  RunningCall call = stream(test);
  test.loop.advance(seconds(79));
  EXPECT_FALSE(call.done());
  test.loop.advance(seconds(1));
  ASSERT_TRUE(call.done()) << "20 s is the default timeout";
  EXPECT_EQ(call.get().status.code(), Code::unavailable);
  EXPECT_FALSE(test.peer().client_is_there());
}

TEST(ChannelKeepalive, TooManyPingsIsLoggedAndDoublesTheTimeOfNewConnections) {
  DefaultLog log;
  ChannelTest test(pings_after(seconds(60), log));
  stream(test);
  EXPECT_EQ(silence_before_ping(test, test.peer()), seconds(60));
  for (const seconds next : {seconds(120), seconds(240)}) {
    log.lines.clear();
    complain(test.peer(), "too_many_pings");
    EXPECT_THAT(log.lines, ElementsAre(HasSubstr("too_many_pings")));
    stream(test);
    EXPECT_EQ(silence_before_ping(test, test.peer()), next);
  }
}

TEST(ChannelKeepalive, OtherEndsLeaveTheTimeAlone) {
  DefaultLog log;
  ChannelTest test(pings_after(seconds(60), log));
  stream(test);
  complain(test.peer(), "too much");
  EXPECT_THAT(log.lines, IsEmpty());
  stream(test);
  EXPECT_EQ(silence_before_ping(test, test.peer()), seconds(60));
}

// Both loops' connections pinged after a minute, and the server complains to both.
TEST(ChannelKeepalive, TheLoopsOfAChannelShareTheDoubledTime) {
  DefaultLog log;
  ChannelTest test(pings_after(seconds(60), log), 2);
  auto& peers = test.server->peers;
  for (std::size_t loop : {0, 1}) stream_on(test, loop);
  ASSERT_EQ(peers.size(), 2u);
  for (std::size_t i : {0, 1}) peers[i].settle();
  for (std::size_t i : {0, 1}) complain(peers[i], "too_many_pings");
  for (std::size_t loop : {0, 1}) stream_on(test, loop);
  ASSERT_EQ(peers.size(), 4u);
  for (std::size_t i : {2, 3}) {
    peers[i].settle();
    peers[i].calls();
  }
  EXPECT_EQ(silence_before_ping(test, peers[2]), seconds(120));
  EXPECT_EQ(silence_before_ping(test, peers[3]), Duration::zero()) << "at the same time as the other";
}

TEST(ChannelIdle, AfterHalfAnHourWithoutCallsTheConnectionIsDroppedAndTheNextCallConnects) {
  ChannelTest test;
  RunningCall first = test.connected_call();
  test.peer().answer(1);
  test.peer().calls();
  test.loop.advance(minutes(30) - Duration(1));
  EXPECT_TRUE(test.peer().client_is_there());
  RunningCall second = test.call();
  test.peer().answer(3);
  EXPECT_EQ(second.get().status, Status());
  test.peer().calls();
  test.loop.advance(minutes(30) - Duration(1));
  EXPECT_TRUE(test.peer().client_is_there()) << "counted from the last call's end";
  test.loop.advance(Duration(1));
  EXPECT_FALSE(test.peer().client_is_there());
  EXPECT_THAT(test.peer().calls(), ElementsAre(StartsWith("GOAWAY 0 NO_ERROR")));
  EXPECT_EQ(test.dials(), 1u) << "IDLE: nothing is dialled without a call";

  RunningCall third = test.connected_call();
  EXPECT_EQ(test.dials(), 2u);
  test.peer().answer(1);
  EXPECT_EQ(third.get().status, Status());
}

TEST(ChannelIdle, ACallThatGoesOnKeepsTheConnection) {
  ChannelTest test;
  RunningCall call = stream(test);
  test.loop.advance(minutes(300));
  EXPECT_TRUE(test.peer().client_is_there());
  EXPECT_FALSE(call.done());
}

TEST(ChannelIdle, MayBeNever) {
  ChannelOptions options;
  options.connection.idle_timeout = Duration::max();
  ChannelTest test(options);
  RunningCall call = test.connected_call();
  test.peer().answer(1);
  test.loop.advance(minutes(300));
  EXPECT_TRUE(test.peer().client_is_there());
}

}  // namespace
}  // namespace pintle::client::test

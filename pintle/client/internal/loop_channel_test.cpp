// When a channel connects, when it waits, and which connection a call gets.
#include <algorithm>
#include <cmath>
#include <set>

#include <gmock/gmock.h>

#include <pintle/client/test_support/frame_server.hpp>

namespace pintle::client::test {
namespace {

using http2::SettingId;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using std::chrono::milliseconds;
using std::chrono::seconds;

class Connecting : public ::testing::Test, public ChannelTest {
 protected:
  // Seconds between the dials.
  static std::vector<double> gaps(const FrameServer& server) {
    std::vector<double> out;
    for (std::size_t i = 1; i < server.dials.size(); ++i)
      out.push_back(std::chrono::duration<double>(server.dials[i] - server.dials[i - 1]).count());
    return out;
  }
  static constexpr double kExact = 1e-6;
};

TEST_F(Connecting, NothingIsDialledBeforeTheFirstCallAndOneConnectionServesAll) {
  loop.advance(seconds(10));
  EXPECT_EQ(dials(), 0u);
  RunningCall first = connected_call();
  RunningCall second = call();
  EXPECT_EQ(dials(), 1u);
  peer().answer(1);
  peer().answer(3);
  EXPECT_EQ(first.get().status, Status());
  EXPECT_EQ(second.get().status, Status());
}

TEST_F(Connecting, CallsWaitForTheServersSettings) {
  RunningCall waiting = call();
  EXPECT_THAT(peer().calls(), IsEmpty());
  EXPECT_FALSE(waiting.done()) << "CONNECTING is no reason to fail";
  peer().settle();
  EXPECT_THAT(peer().calls(), Contains(HasSubstr("HEADERS 1")));
}

TEST_F(Connecting, DelaysGrowByHalfAsMuchAgainAndMoreUpToTwoMinutes) {
  server->refuses = true;
  call("/s/m", CallOptions().wait_for_ready(), Kind::server_stream);
  loop.advance(seconds(800));
  const std::vector<double> found = gaps(*server);
  ASSERT_GE(found.size(), 13u);
  double expected = 1;
  for (double gap : found) {
    EXPECT_NEAR(gap, expected, kExact);
    expected = std::min(120.0, expected * 1.6);
  }
  EXPECT_NEAR(found.back(), 120, kExact);
}

TEST_F(Connecting, JitterSpreadsTheDelaysByAFifth) {
  for (auto [random, factor] : {std::pair(0.0, 0.8), std::pair(0.999999999, 1.2)}) {
    ChannelOptions options;
    options.random = [random] { return random; };
    ChannelTest test(options);
    test.server->refuses = true;
    test.call("/s/m", CallOptions().wait_for_ready(), Kind::server_stream);
    test.loop.advance(seconds(10));
    const std::vector<double> found = gaps(*test.server);
    ASSERT_GE(found.size(), 2u);
    EXPECT_NEAR(found[0], factor, kExact);
    EXPECT_NEAR(found[1], 1.6 * factor, kExact);
  }
}

TEST_F(Connecting, AServerThatAcceptsAndClosesIsNotHammered) {
  server->hangs_up = true;
  call("/s/m", CallOptions().wait_for_ready(), Kind::server_stream);
  loop.advance(seconds(60));
  const std::vector<double> found = gaps(*server);
  ASSERT_EQ(found.size(), 7u);
  EXPECT_NEAR(found[0], 1, kExact);
  EXPECT_NEAR(found[6], std::pow(1.6, 6), kExact);
}

TEST_F(Connecting, SettingsOfTheServerEndTheRowOfFailures) {
  server->refuses = true;
  RunningCall stream = call("/s/m", CallOptions().wait_for_ready(), Kind::server_stream);
  loop.advance(seconds(10));
  server->refuses = false;
  loop.advance(seconds(6));
  peer().settle();
  peer().hang_up();
  EXPECT_EQ(stream.get().status.code(), Code::unavailable);

  server->refuses = true;
  server->dials.clear();
  call("/s/m", CallOptions().wait_for_ready(), Kind::server_stream);
  loop.advance(seconds(3));
  ASSERT_GE(server->dials.size(), 2u);
  EXPECT_NEAR(gaps(*server)[0], 1, kExact);
}

TEST_F(Connecting, AnAttemptIsGivenTwentySecondsOrTheDelayThatFollowsIt) {
  server->refuses = true;
  call("/s/m", CallOptions().wait_for_ready(), Kind::server_stream);
  loop.advance(seconds(200));
  EXPECT_EQ(server->patience.front(), seconds(20));
  EXPECT_GT(server->patience.back(), seconds(60));
}

TEST_F(Connecting, AServerThatSaysNothingIsGivenUp) {
  RunningCall waiting = call("/s/m", CallOptions(), Kind::server_stream);
  loop.advance(seconds(21));
  EXPECT_FALSE(peer().client_is_there());
  ASSERT_TRUE(waiting.done());
  EXPECT_EQ(waiting.get().status.code(), Code::unavailable);
  EXPECT_EQ(dials(), 1u) << "nobody waits any more";
}

TEST_F(Connecting, CallsFailAtOnceInTransientFailureOnly) {
  server->refuses = true;
  RunningCall first = call();
  ASSERT_TRUE(first.done());
  const Status status = first.get().status;
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("connection refused by the test"));

  loop.advance(milliseconds(500));
  RunningCall second = call();
  EXPECT_TRUE(second.done());
  EXPECT_EQ(dials(), 1u) << "the delay is not over";

  loop.advance(milliseconds(500));
  EXPECT_EQ(dials(), 1u) << "nobody waits: no dial without need";
  server->refuses = false;
  RunningCall third = connected_call();
  EXPECT_EQ(dials(), 2u);
  peer().answer(1);
  EXPECT_EQ(third.get().status, Status());
}

TEST_F(Connecting, ACallThatDidNotLeaveSaysSo) {
  server->refuses = true;
  const Outcome outcome = call().get();
  EXPECT_FALSE(outcome.left_client);
  EXPECT_FALSE(outcome.processed);
}

TEST_F(Connecting, WaitForReadyQueuesUntilTheServerIsThere) {
  server->refuses = true;
  RunningCall waiting = call("/s/m", CallOptions().wait_for_ready().timeout(seconds(10)));
  EXPECT_FALSE(waiting.done());
  loop.advance(milliseconds(2500));
  server->refuses = false;
  loop.advance(seconds(1));
  peer().settle();
  peer().answer(1);
  EXPECT_EQ(waiting.get().status, Status());
}

TEST(WaitForReady, OfTheChannelHoldsForCallsThatDoNotSayAndACallMaySayNo) {
  ChannelOptions options;
  options.wait_for_ready = true;
  ChannelTest test(options);
  test.server->refuses = true;
  RunningCall silent = test.call(), hurried = test.call("/s/m", CallOptions().wait_for_ready(false));
  test.loop.run_until_idle();
  EXPECT_FALSE(silent.done());
  ASSERT_TRUE(hurried.done());
  EXPECT_EQ(hurried.get().status.code(), Code::unavailable);
}

TEST_F(Connecting, WaitForReadyEndsAtTheDeadline) {
  server->refuses = true;
  RunningCall waiting = call("/s/m", CallOptions().wait_for_ready().timeout(seconds(5)));
  loop.advance(seconds(5) - Duration(1));
  EXPECT_FALSE(waiting.done());
  loop.advance(Duration(1));
  ASSERT_TRUE(waiting.done());
  EXPECT_EQ(waiting.get().status.code(), Code::deadline_exceeded);
}

TEST_F(Connecting, ALostConnectionIsReplacedByTheNextCall) {
  RunningCall first = connected_call();
  peer().answer(1);
  peer().hang_up();
  loop.advance(seconds(100));
  EXPECT_EQ(dials(), 1u);
  RunningCall second = connected_call();
  EXPECT_EQ(dials(), 2u);
  peer().answer(1);
  EXPECT_EQ(second.get().status, Status());
}

class GoingAway : public ::testing::Test, public ChannelTest {};

TEST_F(GoingAway, ActiveCallsFinishOnTheOldConnectionNewOnesGoToAnother) {
  RunningCall old_call = connected_call();
  Peer& old_peer = peer();
  old_peer.send(wire::goaway(1, http2::ErrorCode::no_error));
  RunningCall new_call = call();
  EXPECT_EQ(dials(), 2u);
  peer().settle();
  peer().answer(1, "new");
  EXPECT_THAT(new_call.get().responses, ElementsAre("new"));
  EXPECT_FALSE(old_call.done());
  EXPECT_TRUE(old_peer.client_is_there());
  old_peer.answer(1, "old");
  EXPECT_THAT(old_call.get().responses, ElementsAre("old"));
  EXPECT_FALSE(old_peer.client_is_there()) << "it is closed with its last call";
}

TEST_F(GoingAway, WithoutCallsNothingIsDialled) {
  RunningCall first = connected_call();
  peer().answer(1);
  peer().send(wire::goaway(1, http2::ErrorCode::no_error));
  EXPECT_FALSE(peer().client_is_there());
  EXPECT_EQ(dials(), 1u);
  call();
  EXPECT_EQ(dials(), 2u);
}

TEST_F(GoingAway, AServerThatSaysGoodByeAtOnceIsNotHammered) {
  call("/s/m", CallOptions().wait_for_ready(), Kind::server_stream);
  for (std::size_t dial = 1; dial <= 3; ++dial) {
    EXPECT_EQ(dials(), dial);
    peer().send(wire::settings({}) + wire::goaway(0, http2::ErrorCode::no_error));
    EXPECT_EQ(dials(), dial) << "not before the backoff is over";
    loop.advance(milliseconds(1300));
  }
}

TEST_F(GoingAway, CallsAboveTheLastIdWereNotProcessed) {
  RunningCall served = connected_call();
  RunningCall refused = call();
  peer().send(wire::goaway(1, http2::ErrorCode::no_error));
  ASSERT_TRUE(refused.done());
  const Outcome outcome = refused.get();
  EXPECT_EQ(outcome.status.code(), Code::unavailable);
  EXPECT_FALSE(outcome.processed);
  EXPECT_FALSE(served.done());
}

// 2^30 calls on one connection.
class IdsRunOut : public ::testing::Test, public ChannelTest {
 protected:
  static ChannelOptions near_the_end() {
    ChannelOptions options;
    options.connection.http2.first_stream_id = http2::kMaxStreamId - 2;
    return options;
  }
  IdsRunOut() : ChannelTest(near_the_end()) {}
};

TEST_F(IdsRunOut, TheNextConnectionIsDialledAtOnceAndNoCallIsLost) {
  RunningCall first = connected_call();
  RunningCall last = call("/s/last");
  EXPECT_EQ(dials(), 2u) << "without waiting for the next call";
  Peer& old_peer = server->peers.front();
  RunningCall next = call("/s/next");
  peer().settle();
  peer().answer(http2::kMaxStreamId - 2, "next");
  EXPECT_THAT(next.get().responses, ElementsAre("next"));

  old_peer.answer(http2::kMaxStreamId - 2, "first");
  EXPECT_THAT(first.get().responses, ElementsAre("first"));
  EXPECT_TRUE(old_peer.client_is_there());
  old_peer.answer(http2::kMaxStreamId, "last");
  EXPECT_THAT(last.get().responses, ElementsAre("last"));
  EXPECT_FALSE(old_peer.client_is_there()) << "it is closed with its last call";
}

TEST_F(IdsRunOut, CallsThatWaitedForAStreamGoOnElsewhere) {
  RunningCall first = call("/s/a"), last = call("/s/b"), waiting = call("/s/c");
  peer().settle({{SettingId::max_concurrent_streams, 1}});
  peer().answer(http2::kMaxStreamId - 2);
  EXPECT_TRUE(first.done());
  EXPECT_EQ(dials(), 2u);
  server->peers.back().settle();
  server->peers.back().answer(http2::kMaxStreamId - 2);
  EXPECT_TRUE(waiting.done());
  EXPECT_EQ(waiting.get().status, Status());
  server->peers.front().answer(http2::kMaxStreamId);
  EXPECT_EQ(last.get().status, Status());
}

class StreamLimit : public ::testing::Test, public ChannelTest {
 protected:
  // Paths of the calls that reached the server.
  std::vector<std::string> reached() {
    std::vector<std::string> out;
    for (const std::string& line : peer().calls())
      if (auto at = line.find(":path="); at != std::string::npos)
        out.push_back(line.substr(at + 6, line.find(' ', at) - at - 6));
    return out;
  }
};

TEST_F(StreamLimit, CallsAboveItQueueAndGoOnInOrder) {
  RunningCall a = call("/s/a");
  RunningCall b = call("/s/b"), c = call("/s/c");
  peer().settle({{SettingId::max_concurrent_streams, 1}});
  EXPECT_THAT(reached(), ElementsAre("/s/a"));
  RunningCall d = call("/s/d");
  peer().answer(1);
  EXPECT_TRUE(a.done());
  EXPECT_THAT(reached(), ElementsAre("/s/b"));
  peer().answer(3);
  EXPECT_THAT(reached(), ElementsAre("/s/c"));
  peer().answer(5);
  EXPECT_THAT(reached(), ElementsAre("/s/d"));
  peer().answer(7);
  EXPECT_TRUE(b.done() && c.done() && d.done());
}

TEST_F(StreamLimit, AHigherLimitLetsAllOfThemGoOn) {
  call("/s/a");
  peer().settle({{SettingId::max_concurrent_streams, 1}});
  call("/s/b");
  call("/s/c");
  EXPECT_THAT(reached(), ElementsAre("/s/a"));
  peer().send(wire::settings({{SettingId::max_concurrent_streams, 10}}));
  EXPECT_THAT(reached(), ElementsAre("/s/b", "/s/c"));
}

TEST_F(StreamLimit, ALimitThatIsLoweredEndsNoCallAndHoldsFromThenOn) {
  RunningCall a = call("/s/a"), b = call("/s/b"), c = call("/s/c");
  peer().settle({{SettingId::max_concurrent_streams, 3}});
  EXPECT_THAT(reached(), ElementsAre("/s/a", "/s/b", "/s/c"));
  peer().send(wire::settings({{SettingId::max_concurrent_streams, 1}}));
  RunningCall d = call("/s/d");
  RunningCall e = call("/s/e");
  peer().answer(1);
  peer().answer(3);
  EXPECT_TRUE(a.done() && b.done());
  EXPECT_THAT(reached(), IsEmpty()) << "one is still open";
  peer().answer(5);
  EXPECT_EQ(c.get().status, Status());
  EXPECT_THAT(reached(), ElementsAre("/s/d"));
  peer().answer(7);
  EXPECT_EQ(d.get().status, Status());
  EXPECT_THAT(reached(), ElementsAre("/s/e"));
  EXPECT_EQ(dials(), 1u);
}

// The call had left when the lower limit came: the server refuses it, and nothing else is lost.
TEST_F(StreamLimit, ACallThatCrossedALowerLimitIsRefusedAndTheConnectionLives) {
  RunningCall a = call("/s/a"), b = call("/s/b");
  peer().settle({{SettingId::max_concurrent_streams, 2}});
  EXPECT_THAT(reached(), ElementsAre("/s/a", "/s/b"));
  peer().send(wire::settings({{SettingId::max_concurrent_streams, 1}}) +
              wire::rst(3, http2::ErrorCode::refused_stream).bytes());
  const Outcome refused = b.get();
  EXPECT_EQ(refused.status.code(), Code::unavailable);
  EXPECT_FALSE(refused.processed) << "so that it may be retried without asking";
  peer().answer(1);
  EXPECT_EQ(a.get().status, Status());
  RunningCall c = call("/s/c");
  EXPECT_THAT(reached(), ElementsAre("/s/c"));
  EXPECT_EQ(dials(), 1u);
}

TEST_F(StreamLimit, OfNoneLetsNothingThroughUntilItIsRaised) {
  RunningCall hurried = call("/s/a", CallOptions().timeout(seconds(1)));
  RunningCall patient = call("/s/b");
  peer().settle({{SettingId::max_concurrent_streams, 0}});
  loop.advance(seconds(1));
  EXPECT_EQ(hurried.get().status.code(), Code::deadline_exceeded);
  EXPECT_THAT(reached(), IsEmpty());
  peer().send(wire::settings({{SettingId::max_concurrent_streams, 1}}));
  EXPECT_THAT(reached(), ElementsAre("/s/b"));
}

// Without a word the limit is infinite, but we do not guess: a server may be about to say less.
TEST_F(StreamLimit, NoStreamIsOpenedBeforeTheServersSettings) {
  RunningCall gone = call("/s/gone", CallOptions().timeout(seconds(1)));
  loop.advance(seconds(1));
  EXPECT_TRUE(gone.done()) << "so that the next is the first in the queue";
  std::vector<RunningCall> calls;
  for (int i = 0; i < 5; ++i) calls.push_back(call("/s/" + std::to_string(i)));
  EXPECT_THAT(reached(), IsEmpty());
  peer().settle({{SettingId::max_concurrent_streams, 2}});
  EXPECT_THAT(reached(), ElementsAre("/s/0", "/s/1"));
}

TEST_F(StreamLimit, AQueuedCallEndsAtItsDeadlineAndTheOthersKeepTheirPlaces) {
  call("/s/a");
  peer().settle({{SettingId::max_concurrent_streams, 1}});
  RunningCall hurried = call("/s/b", CallOptions().timeout(seconds(1)));
  RunningCall patient = call("/s/c");
  loop.advance(seconds(1));
  ASSERT_TRUE(hurried.done());
  const Outcome outcome = hurried.get();
  EXPECT_EQ(outcome.status.code(), Code::deadline_exceeded);
  EXPECT_FALSE(outcome.left_client);
  EXPECT_THAT(reached(), ElementsAre("/s/a"));
  peer().answer(1);
  EXPECT_THAT(reached(), ElementsAre("/s/c"));
  EXPECT_FALSE(patient.done());
}

// The call whose turn it is may be cancelled before it takes it (whoever awaited the first one lets go of the second):
// then the turn is the next one's, and not lost.
TEST_F(StreamLimit, ATurnThatIsNotTakenIsPassedOn) {
  RunningCall a = call("/s/a");
  peer().settle({{SettingId::max_concurrent_streams, 1}});
  CancelScope second;
  auto first_then_cancel = [](std::shared_ptr<Channel> on, CancelScope& cancels) -> Task<void> {
    co_await bytes_call(on, "/s/b", Kind::unary, {"hi"}, {});
    cancels.cancel(Status(Code::cancelled, "no longer needed"));
  };
  auto first = loop.start(first_then_cancel(channel, second));
  auto cancelled = loop.start(bytes_call(channel, "/s/c", Kind::unary, {"hi"}, {}), 0, &second);
  RunningCall last = call("/s/d");
  peer().answer(1);
  EXPECT_THAT(reached(), ElementsAre("/s/a", "/s/b"));
  peer().answer(3);
  EXPECT_TRUE(first.done());
  EXPECT_EQ(cancelled.get().status.code(), Code::cancelled);
  EXPECT_THAT(reached(), ElementsAre("/s/d"));
  peer().answer(5);
  EXPECT_EQ(last.get().status, Status());
}

TEST_F(StreamLimit, MoreThanMaxWaitingAreToldAtOnceAndThoseThatWaitKeepTheirPlaces) {
  ChannelOptions options;
  options.max_waiting = 2;
  ChannelTest test(options);
  RunningCall a = test.connected_call("/s/a");
  test.peer().send(wire::settings({{SettingId::max_concurrent_streams, 1}}));
  RunningCall b = test.call("/s/b"), c = test.call("/s/c"), d = test.call("/s/d");
  ASSERT_TRUE(d.done());
  const Outcome refused = d.get();
  EXPECT_EQ(refused.status.code(), Code::resource_exhausted);
  EXPECT_THAT(std::string(refused.status.message()), HasSubstr("2 calls wait"));
  EXPECT_FALSE(refused.left_client);
  test.peer().answer(1);
  RunningCall e = test.call("/s/e");
  EXPECT_FALSE(e.done()) << "there is a place again";
  for (std::uint32_t id = 3; id <= 7; id += 2) test.peer().answer(id);
  for (RunningCall* call : {&a, &b, &c, &e}) EXPECT_EQ(call->get().status, Status());
}

// One that comes just when a stream is free does not overtake those that wait.
TEST_F(StreamLimit, ANewCallDoesNotOvertake) {
  auto one_then_another = [](std::shared_ptr<Channel> on) -> Task<void> {
    co_await bytes_call(on, "/s/a", Kind::unary, {"hi"}, {});
    co_await bytes_call(on, "/s/new", Kind::unary, {"hi"}, {});
  };
  auto both = loop.start(one_then_another(channel), 0, &all_calls);
  peer().settle({{SettingId::max_concurrent_streams, 1}});
  call("/s/b");
  peer().answer(1);
  EXPECT_THAT(reached(), ElementsAre("/s/a", "/s/b"));
  peer().answer(3);
  EXPECT_THAT(reached(), ElementsAre("/s/new"));
}

TEST(ChannelEnd, AChannelThatGoesClosesItsConnection) {
  ChannelTest test;
  RunningCall call = test.connected_call();
  test.peer().answer(1);
  EXPECT_TRUE(test.peer().client_is_there());
  test.channel.reset();
  test.loop.run_until_idle();
  EXPECT_FALSE(test.peer().client_is_there());
}

// Says where its reader reads into.
class Watched final : public net::ByteStream {
 public:
  Watched(std::unique_ptr<net::ByteStream> of, std::set<const std::byte*>& buffers)
      : of_(std::move(of)), buffers_(buffers) {}
  void set_observer(Observer& observer) override { of_->set_observer(observer); }
  net::IoResult read(std::span<std::byte> into) override {
    buffers_.insert(into.data());
    return of_->read(into);
  }
  net::IoResult write(std::span<const std::byte> from) override { return of_->write(from); }
  void want_read() override { of_->want_read(); }
  void want_write() override { of_->want_write(); }
  void shutdown_write() override { of_->shutdown_write(); }
  std::string_view peer() const override { return of_->peer(); }
  std::string_view local() const override { return of_->local(); }
  std::string error() const override { return of_->error(); }
  Loop& loop() override { return of_->loop(); }

 private:
  std::unique_ptr<net::ByteStream> of_;
  std::set<const std::byte*>& buffers_;
};

struct WatchedServer final : Dialer {
  explicit WatchedServer(pintle::testing::TestLoop& loop) : server(loop) {}
  Task<Result<std::unique_ptr<net::ByteStream>>> dial(Loop& on, const Endpoint& endpoint, Deadline deadline) override {
    auto stream = co_await server.dial(on, endpoint, deadline);
    co_return std::make_unique<Watched>(std::move(*stream), buffers);
  }
  FrameServer server;
  std::set<const std::byte*> buffers;
};

TEST(ChannelMemory, AllChannelsOfALoopReadIntoOneBuffer) {
  pintle::testing::TestLoop loop(2);
  auto server = std::make_shared<WatchedServer>(loop);
  std::vector<std::shared_ptr<Channel>> channels;
  std::vector<RunningCall> calls;
  for (std::size_t i = 0; i < 10; ++i) {
    ChannelOptions options;
    options.authority = "test";
    channels.push_back(*make_channel({&loop.loop(0), &loop.loop(1)}, server, std::move(options)));
    calls.push_back(loop.start(bytes_call(channels.back(), "/s/m", Kind::unary, {"hi"}, {}), i % 2));
    server->server.peers.back().settle();
    server->server.peers.back().answer(1);
    EXPECT_EQ(calls.back().get().status, Status());
  }
  EXPECT_EQ(server->server.peers.size(), 10u);
  EXPECT_EQ(server->buffers.size(), 2u) << "one per loop";
  channels.clear();
  loop.run_until_idle();
}

}  // namespace
}  // namespace pintle::client::test

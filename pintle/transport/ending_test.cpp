// How connections end: drained, idle, silent, aborted, lost.
#include <gmock/gmock.h>

#include <pintle/transport/test_support/test_bed.hpp>

namespace pintle::transport {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using http2::Role;
using std::chrono::seconds;
using test::Ear;
using test::Lines;
using test::TestBed;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::uint64_t kDrainTag = 0x70696e746c652d64;
constexpr std::uint32_t kAnyStream = 0x7fffffff;

TEST(Drain, GivesNoticeThenTheLastStreamThenCloses) {
  TestBed bed(Role::server);
  bed.established();
  bed.give(headers(1, request()).end_stream());
  bed.connection->drain(seconds(10), "maintenance");
  EXPECT_EQ(bed.connection->phase(), Phase::noticed);
  bed.turn();
  Lines lines = bed.sent();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "GOAWAY " + std::to_string(kAnyStream) + " NO_ERROR \"maintenance\"");
  EXPECT_THAT(lines[1], StartsWith("PING "));

  // A request that crossed the notice is served.
  bed.give(headers(3, request()).end_stream());
  EXPECT_THAT(bed.news(), ElementsAre("#1 start", "#2 start"));

  bed.give(ping(kDrainTag).ack());
  EXPECT_EQ(bed.connection->phase(), Phase::closing);
  EXPECT_THAT(bed.sent(), ElementsAre("GOAWAY 3 NO_ERROR \"maintenance\""));
  bed.give(headers(5, request()).end_stream());
  EXPECT_THAT(bed.news(), IsEmpty());

  bed.answer(bed.ear(1));
  bed.turn();
  EXPECT_NE(bed.connection, nullptr);
  bed.answer(bed.ear(2));
  bed.turn();
  EXPECT_THAT(bed.sent(), Contains("HEADERS 3 END_HEADERS END_STREAM grpc-status=0"));
  EXPECT_TRUE(bed.line.shut);
  bed.end_input();
  EXPECT_THAT(bed.news(), ElementsAre("closed: the connection was drained"));
  EXPECT_TRUE(bed.line.destroyed);
}

// A socket that is closed while bytes come is reset, and then the peer may never read the GOAWAY.
TEST(Drain, WaitsForThePeersEndAndDropsWhatCameTooLate) {
  TestBed bed(Role::server);
  bed.established();
  bed.connection->drain(Duration::zero());
  bed.pass(seconds(0));
  EXPECT_TRUE(bed.line.shut);
  bed.sent();
  bed.give(headers(1, request()).end_stream());
  bed.give(ping(7));
  EXPECT_THAT(bed.sent(), IsEmpty());
  EXPECT_FALSE(bed.line.destroyed);
  bed.end_input();
  EXPECT_THAT(bed.news(), ElementsAre("closed: the connection was drained"));
  EXPECT_TRUE(bed.line.destroyed);
}

TEST(Drain, DoesNotWaitLongForThePeersEnd) {
  TestBed bed(Role::server);
  bed.established();
  bed.connection->drain(Duration::zero());
  bed.pass(seconds(0));
  bed.pass(std::chrono::milliseconds(99));
  EXPECT_TRUE(bed.line.shut);
  EXPECT_THAT(bed.news(), IsEmpty());
  bed.pass(std::chrono::milliseconds(1));
  EXPECT_THAT(bed.news(), ElementsAre("closed: the connection was drained"));
}

TEST(Drain, DoesNotWaitForAPeerThatNeverAnswers) {
  TestBed bed(Role::server);
  bed.established();
  bed.connection->drain(seconds(5));
  bed.pass(seconds(4));
  EXPECT_EQ(bed.connection->phase(), Phase::noticed);
  bed.pass(seconds(1));
  EXPECT_EQ(bed.connection->phase(), Phase::closing);
  bed.pass(std::chrono::milliseconds(100));
  EXPECT_THAT(bed.news(), ElementsAre("closed: the connection was drained"));
}

TEST(Drain, AnotherPingsAckEndsNoNotice) {
  TestBed bed(Role::server);
  bed.established();
  bed.connection->drain(seconds(5));
  bed.turn();
  bed.give(ping(1).ack());
  EXPECT_EQ(bed.connection->phase(), Phase::noticed);
}

TEST(Drain, MayBeAskedWithoutEndOfPatienceAndTwice) {
  TestBed bed(Role::server);
  bed.established();
  bed.connection->drain(Duration::max());
  bed.connection->drain(Duration::zero());
  bed.pass(seconds(100'000));
  EXPECT_EQ(bed.connection->phase(), Phase::noticed);
}

TEST(Drain, AClientFinishesItsStreams) {
  TestBed bed(Role::client);
  Ear& call = bed.established().open(true);
  bed.connection->drain(seconds(1));
  EXPECT_FALSE(bed.connection->can_open());
  bed.turn();
  EXPECT_THAT(bed.sent(), Contains(StartsWith("GOAWAY 0 NO_ERROR")));
  bed.give(headers(1, response()) + data(1, "pong").end_stream());
  EXPECT_THAT(bed.news(), ElementsAre("#1 head :status=200", "closed: the connection was drained"));
  EXPECT_EQ(call.body(), "pong") << "what came is still there when the connection is not";
}

TEST(Drain, APeersGoawayLetsTheStreamsItKnowsFinish) {
  TestBed bed(Role::client);
  bed.established();
  bed.open(true);
  bed.open(true);
  bed.turn();
  bed.give(goaway(1, ErrorCode::no_error));
  EXPECT_THAT(bed.news(), ElementsAre("#2 reset REFUSED_STREAM by GOAWAY", "draining"));
  EXPECT_FALSE(bed.connection->can_open());
  bed.give(headers(1, response()).end_stream());
  EXPECT_THAT(bed.news(), ElementsAre("#1 head :status=200 end", "closed: the connection was drained"));
}

TEST(Drain, TheLastBytesOutwaitAFullSocket) {
  TestBed bed(Role::server);
  bed.established();
  bed.give(headers(1, request()).end_stream());
  bed.connection->drain(Duration::zero());
  bed.pass(seconds(0));
  bed.line.room = 5;
  bed.answer(bed.ear(1), "pong");
  bed.turned.settle();
  ASSERT_NE(bed.connection, nullptr);
  bed.line.room = SIZE_MAX;
  bed.turn();
  bed.end_input();
  EXPECT_EQ(bed.connection, nullptr);
  EXPECT_THAT(bed.sent(), Contains("HEADERS 1 END_HEADERS END_STREAM grpc-status=0"));
}

TEST(Idle, AConnectionWithoutStreamsEndsGracefully) {
  ConnectionOptions options;
  options.idle_timeout = seconds(60);
  TestBed bed(Role::server, options);
  bed.established();
  bed.pass(seconds(50));
  bed.give(headers(1, request()).end_stream());
  bed.pass(seconds(100));
  EXPECT_EQ(bed.connection->phase(), Phase::open) << "a stream is open";
  bed.answer(bed.ear(1));
  bed.turn();
  bed.pass(seconds(59));
  EXPECT_EQ(bed.connection->phase(), Phase::open);
  bed.sent();
  bed.pass(seconds(1));
  EXPECT_EQ(bed.connection->phase(), Phase::noticed);
  EXPECT_THAT(bed.sent(), Contains(HasSubstr("max_idle")));
  bed.news();
  bed.pass(seconds(1));
  bed.end_input();
  EXPECT_THAT(bed.news(), ElementsAre("closed: the connection was drained"));
}

TEST(KeepaliveOfAConnection, GivesASilentPeerUp) {
  ConnectionOptions options;
  options.keepalive.time = seconds(30);
  options.keepalive.timeout = seconds(5);
  TestBed bed(Role::client, options);
  bed.established().open(true);
  bed.turn();
  bed.sent();
  bed.pass(seconds(30));
  EXPECT_THAT(bed.sent(), ElementsAre(StartsWith("PING ")));
  bed.pass(seconds(5));
  EXPECT_THAT(bed.news(), ElementsAre("#1 reset NO_ERROR by us", HasSubstr("keepalive")));
}

TEST(KeepaliveOfAConnection, AsksNothingWithoutStreams) {
  ConnectionOptions options;
  options.keepalive.time = seconds(30);
  TestBed bed(Role::client, options);
  bed.established();
  bed.pass(seconds(1000));
  EXPECT_THAT(bed.sent(), IsEmpty());
  EXPECT_TRUE(bed.connection->can_open());
}

TEST(KeepaliveOfAConnection, AnAnswerKeepsIt) {
  ConnectionOptions options;
  options.keepalive.time = seconds(30);
  options.keepalive.timeout = seconds(5);
  TestBed bed(Role::client, options);
  bed.established().open(true);
  bed.turn();
  bed.pass(seconds(30));
  bed.give(ping(1).ack());
  bed.pass(seconds(20));
  EXPECT_NE(bed.connection, nullptr);
  EXPECT_THAT(bed.news(), IsEmpty());
}

TEST(KeepaliveOfAConnection, GoesOnWithoutStreamsWhereToldTo) {
  ConnectionOptions options;
  options.keepalive.time = seconds(30);
  options.keepalive.timeout = seconds(5);
  options.keepalive.without_calls = true;
  TestBed bed(Role::server, options);
  bed.established();
  bed.pass(seconds(30));
  EXPECT_THAT(bed.sent(), ElementsAre(StartsWith("PING ")));
  bed.pass(seconds(5));
  EXPECT_THAT(bed.news(), ElementsAre(HasSubstr("keepalive")));
}

// Any byte is an answer, and the answer that comes after it is still expected.
TEST(KeepaliveOfAConnection, OtherBytesWhileAPingIsOutAreAnAnswer) {
  ConnectionOptions options;
  options.keepalive.time = seconds(30);
  options.keepalive.timeout = seconds(5);
  TestBed bed(Role::client, options);
  bed.established().open(true);
  bed.turn();
  bed.sent();
  bed.pass(seconds(30));
  EXPECT_THAT(bed.sent(), ElementsAre(StartsWith("PING ")));
  bed.pass(seconds(4));
  bed.give(headers(1, response()));
  bed.pass(seconds(29));
  EXPECT_THAT(bed.sent(), IsEmpty()) << "silence is measured from the last byte, not from the last PING";
  bed.pass(seconds(1));
  EXPECT_THAT(bed.sent(), ElementsAre(StartsWith("PING ")));
  bed.give(ping(1).ack() + ping(1).ack());
  EXPECT_EQ(bed.connection->session().counters().glitches, 0u) << "both were asked for";
}

TEST(KeepaliveOfAConnection, AStreamAfterALongSilenceSendsItsPingFirst) {
  ConnectionOptions options;
  options.keepalive.time = seconds(30);
  options.keepalive.timeout = seconds(5);
  TestBed bed(Role::client, options);
  bed.established();
  bed.pass(seconds(31));
  bed.open(true);
  bed.open(true);
  bed.turn();
  EXPECT_THAT(bed.sent(), ElementsAre(StartsWith("PING "), StartsWith("HEADERS 1"), StartsWith("HEADERS 3")));
  bed.pass(seconds(5));
  EXPECT_EQ(bed.connection, nullptr) << "the timeout alone, not time and timeout";
}

TEST(KeepaliveOfAConnection, AStreamAfterAShortSilenceSendsNone) {
  ConnectionOptions options;
  options.keepalive.time = seconds(30);
  TestBed bed(Role::client, options);
  bed.established();
  bed.pass(seconds(29));
  bed.open(true);
  bed.turn();
  EXPECT_THAT(bed.sent(), ElementsAre(StartsWith("HEADERS 1")));
  bed.pass(seconds(1));
  EXPECT_THAT(bed.sent(), ElementsAre(StartsWith("PING "))) << "the stream does not start the silence anew";
}

TEST(KeepaliveOfAConnection, LimitsHowLongBytesGoUnacknowledgedWhenItIsOn) {
  for (const Role role : {Role::client, Role::server}) {
    ConnectionOptions options;
    options.keepalive.time = seconds(30);
    options.keepalive.timeout = seconds(5);
    EXPECT_EQ(TestBed(role, options).line.unacknowledged, seconds(5));
    options.keepalive.time = Duration::max();
    EXPECT_EQ(TestBed(role, options).line.unacknowledged, std::nullopt);
  }
}

TEST(KeepaliveOfAConnection, AClientThatPingedTooOftenHearsOfItOnce) {
  TestBed bed(Role::client);
  bed.established().open(true);
  bed.give(goaway(1, ErrorCode::enhance_your_calm, "too_many_pings"));
  EXPECT_THAT(bed.news(), ElementsAre("too many pings", "draining"));

  TestBed late(Role::client);
  late.established().open(true);
  late.give(goaway(1, ErrorCode::no_error) + goaway(1, ErrorCode::enhance_your_calm, "too_many_pings"));
  EXPECT_THAT(late.news(), ElementsAre("draining", "too many pings")) << "also when it was draining already";

  TestBed other(Role::client);
  other.established().open(true);
  other.give(goaway(1, ErrorCode::enhance_your_calm, "too many streams"));
  EXPECT_THAT(other.news(), ElementsAre("draining"));
}

TEST(KeepaliveOfAConnection, AServerEndsTheConnectionOfAClientThatPingsTooOften) {
  TestBed bed(Role::server);
  bed.established();
  bed.give(headers(1, request()).end_stream());
  bed.news();
  bed.give(ping(1) + ping(2) + ping(3) + ping(4));
  EXPECT_THAT(bed.sent(), Contains("GOAWAY 1 ENHANCE_YOUR_CALM \"too_many_pings\""));
  EXPECT_THAT(bed.news(), ElementsAre("#1 reset ENHANCE_YOUR_CALM by us", StartsWith("closed: too_many_pings")));
  EXPECT_TRUE(bed.line.shut);
}

TEST(Abort, SaysWhyResetsTheStreamsAndCloses) {
  TestBed bed(Role::server);
  bed.established();
  bed.give(headers(1, request()));
  bed.news();
  bed.connection->abort(ErrorCode::enhance_your_calm, "too much");
  EXPECT_NE(bed.connection, nullptr) << "not before the turn ends: somebody may be in the middle of it";
  bed.turn();
  EXPECT_THAT(bed.sent(), ElementsAre("GOAWAY 1 ENHANCE_YOUR_CALM \"too much\""));
  EXPECT_THAT(bed.news(), ElementsAre("#1 reset ENHANCE_YOUR_CALM by us", StartsWith("closed: too much")));
}

TEST(Abort, ABrokenPeerIsToldAndClosed) {
  TestBed bed(Role::server);
  bed.established();
  bed.give(headers(1, request()) + data(0, "on stream 0"));
  EXPECT_THAT(bed.sent(), ElementsAre(StartsWith("GOAWAY 1 PROTOCOL_ERROR")));
  EXPECT_THAT(bed.news(), Contains(StartsWith("closed: ")));
  EXPECT_EQ(bed.connection, nullptr);
}

TEST(Abort, DoesNotWaitForAPeerThatDoesNotRead) {
  TestBed bed(Role::server);
  bed.established();
  bed.line.room = 10;
  bed.give(headers(1, request()).end_stream());
  bed.ear(1).exchange.send_head(bed.head, {}, false);
  bed.ear(1).write(std::string(1000, 'x'));
  bed.turn();
  ASSERT_TRUE(bed.line.want_write);
  bed.connection->abort(ErrorCode::no_error, "the grace time is over");
  bed.connection->abort(ErrorCode::internal_error, "once is enough");
  bed.turned.settle();
  EXPECT_EQ(bed.connection, nullptr);
  EXPECT_TRUE(bed.line.destroyed);
  EXPECT_THAT(bed.news(), Contains(StartsWith("closed: the grace time is over")));
}

TEST(Lost, EveryStreamHearsOfItBeforeTheOwner) {
  TestBed bed(Role::client);
  Ear& one = bed.established().open();
  bed.open();
  bed.give(headers(1, response()) + data(1, "half"));
  bed.news();
  bed.end_input();
  EXPECT_THAT(bed.news(), ElementsAre("#1 reset NO_ERROR by us", "#2 reset NO_ERROR by us",
                                      "closed: the peer closed the connection"));
  EXPECT_EQ(one.body(), "half");
  EXPECT_TRUE(one.exchange.body_ended());
  EXPECT_EQ(one.exchange.connection(), nullptr);
  one.exchange.consume(4);
  EXPECT_FALSE(one.write("late"));
  one.exchange.end_body();
  one.exchange.reset(ErrorCode::cancel);
}

TEST(Lost, WhileWritingToo) {
  TestBed bed(Role::client);
  bed.established().open();
  bed.line.broken = true;
  bed.turned.settle();
  EXPECT_THAT(bed.news(), ElementsAre("#1 reset NO_ERROR by us", "closed: connection reset by the test"));
}

TEST(Lost, TheOwnerMayDestroyALiveConnection) {
  TestBed bed(Role::server);
  bed.established();
  bed.give(headers(1, request()) + data(1, "half"));
  bed.news();
  bed.connection.reset();
  EXPECT_THAT(bed.news(), ElementsAre("#1 reset NO_ERROR by us"));
  EXPECT_EQ(bed.ear(1).body(), "half");
  bed.answer(bed.ear(1));
  EXPECT_TRUE(bed.line.destroyed);
  bed.turn();
}

TEST(Lost, APeerThatNeverSpeaksIsGivenUp) {
  TestBed bed(Role::server);
  bed.pass(seconds(11));
  EXPECT_EQ(bed.connection, nullptr);
  EXPECT_THAT(bed.news(), ElementsAre(HasSubstr("preface")));
}

}  // namespace
}  // namespace pintle::transport

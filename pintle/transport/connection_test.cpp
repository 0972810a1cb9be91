// Requests, responses and bodies on a connection, seen from the user of an exchange and from the wire.
#include <gmock/gmock.h>

#include <pintle/async/event.hpp>
#include <pintle/transport/test_support/test_bed.hpp>

namespace pintle::transport {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using http2::Role;
using http2::SettingId;
using test::Ear;
using test::TestBed;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Connection, SpeaksFirstAndIsReadyWithThePeersSettings) {
  TestBed bed(Role::client);
  EXPECT_THAT(bed.sent(), ElementsAre("PREFACE", StartsWith("SETTINGS"), StartsWith("WINDOW_UPDATE 0")));
  EXPECT_FALSE(bed.connection->can_open());
  bed.give(settings());
  EXPECT_THAT(bed.news(), ElementsAre("ready"));
  EXPECT_TRUE(bed.connection->can_open());
  EXPECT_EQ(bed.connection->peer(), "memory:test");
}

TEST(Connection, CarriesARequestAndItsAnswer) {
  TestBed bed(Role::server);
  bed.established();
  bed.give(headers(1, request()) + data(1, "ping").end_stream());
  EXPECT_THAT(bed.news(), ElementsAre("#1 start"));
  EXPECT_EQ(bed.ear(1).body(), "ping");
  EXPECT_TRUE(bed.ear(1).exchange.body_ended());
  bed.ear(1).exchange.consume(4);
  bed.answer(bed.ear(1), "pong");
  bed.turn();
  EXPECT_THAT(bed.sent(), ElementsAre("HEADERS 1 END_HEADERS :status=200", "DATA 1 \"pong\"",
                                      "HEADERS 1 END_HEADERS END_STREAM grpc-status=0"));
  EXPECT_THAT(bed.news(), IsEmpty());
  EXPECT_EQ(bed.connection->active_streams(), 0u);
  EXPECT_EQ(bed.connection->running(), 0u);
}

TEST(Connection, GivesTheClientHeadBodyAndTrailersInTheirOrder) {
  TestBed bed(Role::client);
  Ear& call = bed.established().open();
  EXPECT_TRUE(call.write("ping", true));
  bed.turn();
  EXPECT_THAT(bed.sent(),
              ElementsAre("HEADERS 1 END_HEADERS :method=POST :scheme=http :path=/s/m", "DATA 1 END_STREAM \"ping\""));
  bed.give(headers(1, response()) + data(1, "pong") + headers(1, {{"grpc-status", "0"}}).end_stream());
  EXPECT_THAT(bed.news(), ElementsAre("#1 head :status=200", "#1 trailers grpc-status=0"));
  EXPECT_EQ(call.body(), "pong");
  EXPECT_TRUE(call.exchange.body_ended());
  EXPECT_EQ(bed.connection->active_streams(), 0u);
}

TEST(Connection, AHeadOnlyAnswerEndsTheBody) {
  TestBed bed(Role::client);
  Ear& call = bed.established().open(true);
  bed.give(headers(1, response()).end_stream());
  EXPECT_THAT(bed.news(), ElementsAre("#1 head :status=200 end"));
  EXPECT_TRUE(call.exchange.body_ended());
  EXPECT_GT(call.bodies, 0) << "whoever waits for the body must hear of its end";
}

// To a client that speaks HTTP/1 our SETTINGS would be garbage before its answer.
TEST(Connection, AServerSaysNothingBeforeItsClientHasBegun) {
  TestBed bed(Role::server);
  bed.turn();
  EXPECT_EQ(bed.line.out, "");
  bed.give("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n");
  EXPECT_THAT(bed.line.out, HasSubstr("HTTP/1.1 426 Upgrade Required\r\n"));
  EXPECT_TRUE(bed.line.out.starts_with("HTTP/1.1 ")) << bed.line.out;
  EXPECT_THAT(bed.news(), ElementsAre(HasSubstr("the client speaks HTTP/1 where HTTP/2 is spoken")));
}

TEST(Connection, AServerWhoseClientNeverBeginsSaysThatItWasTooSlow) {
  TestBed bed(Role::server);
  bed.pass(std::chrono::seconds(10));
  EXPECT_THAT(bed.sent(), Contains(HasSubstr("GOAWAY 0 SETTINGS_TIMEOUT")));
  EXPECT_THAT(bed.news(), ElementsAre(HasSubstr("preface is late")));
}

TEST(Connection, AServerThatDrainsTellsAClientThatHasNotBegun) {
  TestBed bed(Role::server);
  bed.turn();
  bed.connection->drain(Duration::zero());
  bed.turn();
  EXPECT_THAT(bed.sent(), Contains(HasSubstr("GOAWAY")));
}

TEST(Connection, AHeadThatIsTooLargeReachesTheAcceptorAsThat) {
  ConnectionOptions options;
  options.http2.max_header_list = 1000;
  TestBed bed(Role::server, options);
  bed.established();
  bed.give(headers(1, request("/s/m", {{"big", std::string(1000, 'x')}})).end_stream());
  EXPECT_THAT(bed.news(), ElementsAre("too large", "#1 start"));
}

// The handler reads the bytes where the socket put them; what it leaves survives the next read into the same buffer.
TEST(Connection, ABodyIsReadInPlaceAndKeptWhenItIsLeft) {
  TestBed bed(Role::server);
  bed.established();
  const std::byte* seen = nullptr;
  bed.react = [&](Ear& e) { seen = e.exchange.body().data(); };
  bed.give(headers(1, request()) + data(1, "first"));
  EXPECT_GE(seen, bed.buffer.data());
  EXPECT_LT(seen, bed.buffer.data() + bed.buffer.size());
  EXPECT_EQ(bed.ear(1).body(), "first");
  EXPECT_NE(bed.ear(1).exchange.body().data(), seen) << "the read buffer belongs to the next read";
  const int told = bed.ear(1).bodies;
  bed.give(data(1, " second"));
  EXPECT_GT(bed.ear(1).bodies, told);
  EXPECT_EQ(bed.ear(1).body(), "first second");
  bed.ear(1).exchange.consume(6);
  EXPECT_EQ(bed.ear(1).body(), "second");
}

TEST(Connection, BodiesOfManyStreamsInOneReadStayApart) {
  TestBed bed(Role::server, {}, 100);  // a read ends anywhere
  bed.established();
  std::string bytes;
  for (std::uint32_t id = 1; id <= 39; id += 2) bytes += headers(id, request()) + data(id, "a" + std::to_string(id));
  for (std::uint32_t id = 1; id <= 39; id += 2) bytes += data(id, "b" + std::to_string(id)).end_stream();
  bed.give(bytes);
  for (std::uint32_t i = 0; i < 20; ++i) {
    const std::string id = std::to_string(2 * i + 1);
    EXPECT_EQ(bed.ear(i + 1).body(), "a" + id + "b" + id);
    EXPECT_TRUE(bed.ear(i + 1).exchange.body_ended());
  }
}

TEST(Connection, ThePeerMaySendMoreOnlyAfterTheBodyWasConsumed) {
  ConnectionOptions options;
  options.http2.initial_stream_window = 1000;
  TestBed bed(Role::server, options);
  bed.established();
  bed.give(headers(1, request()) + data(1, std::string(1000, 'x')));
  EXPECT_THAT(bed.sent(), Not(Contains(StartsWith("WINDOW_UPDATE 1"))));
  bed.ear(1).exchange.consume(1000);
  bed.turn();
  EXPECT_THAT(bed.sent(), ElementsAre("WINDOW_UPDATE 1 +1000"));
}

TEST(Connection, AReaderThatNeedsMoreThanTheWindowGetsIt) {
  ConnectionOptions options;
  options.http2.initial_stream_window = 1000;
  TestBed bed(Role::server, options);
  bed.established();
  bed.give(headers(1, request()) + data(1, std::string(1000, 'x')));
  bed.ear(1).exchange.expect(1500);
  bed.turn();
  EXPECT_THAT(bed.sent(), ElementsAre("WINDOW_UPDATE 1 +1000"));
  bed.give(data(1, std::string(500, 'x')).end_stream());
  EXPECT_EQ(bed.ear(1).body().size(), 1500u);
  bed.ear(1).exchange.consume(1500);
  bed.turn();
  EXPECT_THAT(bed.sent(), IsEmpty()) << "no byte is credited twice, and an ended body needs none";
}

TEST(Connection, HalfAWindowComesWithoutHelpHoweverMuchIsOwed) {
  ConnectionOptions options;
  options.http2.initial_stream_window = 1000;
  TestBed bed(Role::server, options);
  bed.established();
  bed.give(headers(1, request()) + data(1, std::string(499, 'x')));
  bed.ear(1).exchange.consume(499);  // one more would send a WINDOW_UPDATE
  bed.ear(1).exchange.expect(500);
  bed.give(data(1, std::string(500, 'x')));
  EXPECT_EQ(bed.ear(1).body().size(), 500u);
  EXPECT_THAT(bed.sent(), IsEmpty());
  bed.ear(1).exchange.consume(500);
  bed.turn();
  EXPECT_THAT(bed.sent(), ElementsAre("WINDOW_UPDATE 1 +999"));
}

TEST(Connection, CreditsNoByteTwice) {
  ConnectionOptions options;
  options.http2.initial_stream_window = 1000;
  TestBed bed(Role::server, options);
  bed.established();
  bed.give(headers(1, request()) + data(1, std::string(1000, 'x')));
  bed.ear(1).exchange.expect(1001);
  bed.turn();
  EXPECT_THAT(bed.sent(), ElementsAre("WINDOW_UPDATE 1 +1000"));
  bed.give(data(1, std::string(1000, 'x')));
  bed.sent();
  bed.ear(1).exchange.consume(1001);
  bed.ear(1).exchange.consume(999);
  bed.turn();
  std::size_t credited = 0;
  for (const std::string& line : bed.sent()) credited += std::stoul(line.substr(line.find('+')));
  EXPECT_LE(credited, 1000u) << "more than the bytes that came would let the peer overrun the reader";
}

TEST(Connection, AWriterWaitsWhileThePeerDoesNotRead) {
  ConnectionOptions options;
  options.http2.stream_queue_mark = 1000;
  TestBed bed(Role::server, options);
  bed.established({{SettingId::initial_window_size, 100}});
  bed.give(headers(1, request()).end_stream());
  Ear& call = bed.ear(1);
  call.exchange.send_head(bed.head, {}, false);
  EXPECT_TRUE(call.write(std::string(900, 'x')));
  EXPECT_TRUE(call.exchange.body_writable());
  EXPECT_TRUE(call.write(std::string(900, 'x')));
  EXPECT_FALSE(call.exchange.body_writable());
  bed.turn();
  bed.news();
  EXPECT_FALSE(call.exchange.body_writable());
  EXPECT_THAT(bed.sent(), ElementsAre(StartsWith("HEADERS 1"), "DATA 1 100 bytes"));
  bed.give(window_update(1, 1600));
  EXPECT_THAT(bed.news(), Contains("#1 writable"));
  EXPECT_TRUE(call.exchange.body_writable());
}

TEST(Connection, AllThatOneReadProvokesGoesOutInOneWrite) {
  TestBed bed(Role::server);
  bed.established();
  bed.react = [&](Ear& e) { bed.answer(e, "pong"); };
  std::string bytes;
  for (std::uint32_t id = 1; id <= 19; id += 2) bytes += headers(id, request()).end_stream();
  bed.give(bytes);
  EXPECT_EQ(bed.sent().size(), 30u);
  EXPECT_EQ(bed.line.writes, 1);
}

// Writes whenever there is room, as a handler does that streams.
Root stream(Ear& ear, Event& room, int messages, std::size_t size) {
  for (int i = 1; i <= messages; ++i) {
    EXPECT_TRUE(ear.write(std::string(size, 'x'), i == messages));
    if (i == messages) co_return;
    while (!ear.exchange.body_writable()) {
      room.reset();
      static_cast<void>(co_await room.wait());
    }
  }
}

// Through the output at once, and through the stream's queue where frames are short.
TEST(Connection, WhatAWokenWriterAddsLeavesInTheSameWriteAsWhatWasLeft) {
  constexpr std::size_t kMessages = 24, kSize = 64 * 1024;
  for (const std::uint32_t longest_frame : {1u << 20, 16'384u}) {
    ConnectionOptions options;
    options.http2.output_cap = 4 * kSize;
    options.http2.stream_queue_mark = kSize - 1;
    TestBed bed(Role::server, options);
    bed.established({{SettingId::initial_window_size, 1 << 24}, {SettingId::max_frame_size, longest_frame}});
    bed.give(window_update(0, 1 << 24));
    bed.line.writes = 0;
    Event room;
    bed.react = [&](Ear& e) {
      e.writable = [&room] { room.set(); };
      e.exchange.send_head(bed.head, {}, false);
      stream(e, room, kMessages, kSize).start(bed.turned.env());
    };
    bed.give(headers(1, request()).end_stream());
    EXPECT_GT(bed.line.out.size(), kMessages * kSize);
    EXPECT_LE(bed.line.writes, static_cast<int>(kMessages / 4 + 1)) << "four messages fill the output";
  }
}

TEST(Connection, KeepsTheMemoryOfItsOutputForASecondAfterItsLastCall) {
  constexpr std::size_t kLarge = 200'000;
  TestBed bed(Role::server);
  bed.established({{SettingId::initial_window_size, 1 << 24}, {SettingId::max_frame_size, 1 << 20}});
  bed.give(window_update(0, 1 << 24));
  bed.react = [&](Ear& e) { bed.answer(e, std::string(kLarge, 'x')); };
  const auto memory = [&] { return bed.connection->session().output().capacity(); };
  bed.give(headers(1, request()).end_stream());
  EXPECT_EQ(bed.connection->active_streams(), 0u);
  EXPECT_GE(memory(), kLarge) << "the next call may be as large";
  bed.pass(std::chrono::milliseconds(900));
  bed.give(headers(3, request()).end_stream());
  bed.pass(std::chrono::milliseconds(900));
  EXPECT_GE(memory(), kLarge);
  bed.pass(std::chrono::milliseconds(100));
  EXPECT_LE(memory(), 16u * 1024);
}

// A peer that reads nothing: there is nothing to give back yet, and no timer that could not do anything.
TEST(Connection, MemoryThatIsStillNeededIsNotWaitedFor) {
  TestBed bed(Role::server);
  bed.established({{SettingId::initial_window_size, 1 << 24}, {SettingId::max_frame_size, 1 << 20}});
  bed.give(window_update(0, 1 << 24));
  bed.react = [&](Ear& e) { bed.answer(e, std::string(200'000, 'x')); };
  bed.line.room = 100;
  bed.give(headers(1, request()).end_stream());
  bed.pass(std::chrono::seconds(2));
  EXPECT_TRUE(bed.line.want_write);
  EXPECT_FALSE(bed.turned.loop.next_timer() && *bed.turned.loop.next_timer() <= bed.turned.clock.at);
  bed.line.room = SIZE_MAX;
  bed.turn();
  bed.pass(std::chrono::seconds(1));
  EXPECT_LE(bed.connection->session().output().capacity(), 16u * 1024);
}

TEST(Connection, GoesOnWhereAFullSocketStoppedIt) {
  TestBed bed(Role::server);
  bed.established();
  bed.line.room = 20;
  bed.react = [&](Ear& e) { bed.answer(e, std::string(100, 'x')); };
  bed.give(headers(1, request()).end_stream());
  EXPECT_TRUE(bed.line.want_write);
  EXPECT_EQ(bed.line.out.size(), 20u);
  bed.line.room = SIZE_MAX;
  bed.turn();
  EXPECT_THAT(bed.sent(), ElementsAre(StartsWith("HEADERS 1"), "DATA 1 100 bytes", StartsWith("HEADERS 1")));
  EXPECT_FALSE(bed.line.want_write);
}

TEST(Connection, AResetOfThePeerEndsTheExchange) {
  TestBed bed(Role::server);
  bed.established();
  bed.give(headers(1, request()) + data(1, "half"));
  const int told = bed.ear(1).bodies;
  bed.give(rst(1, ErrorCode::cancel));
  EXPECT_THAT(bed.news(), ElementsAre("#1 start", "#1 reset CANCEL by the peer"));
  Ear& call = bed.ear(1);
  EXPECT_GT(call.bodies, told);
  EXPECT_TRUE(call.exchange.body_ended());
  EXPECT_FALSE(call.exchange.body_open());
  EXPECT_TRUE(call.exchange.body_writable()) << "a writer that waits must not wait for ever";
  EXPECT_FALSE(call.write("late"));
  call.exchange.send_head(bed.head, {}, false);
  bed.turn();
  EXPECT_THAT(bed.sent(), IsEmpty());
  EXPECT_EQ(bed.connection->running(), 1u) << "its handler may still run";
  call.exchange.finish();
  EXPECT_EQ(bed.connection->running(), 0u);
}

TEST(Connection, AResetOfOursGoesOutAndNothingIsHeardAfterIt) {
  TestBed bed(Role::client);
  Ear& call = bed.established().open();
  bed.turn();
  bed.sent();
  call.exchange.reset(ErrorCode::cancel);
  bed.turn();
  EXPECT_THAT(bed.sent(), ElementsAre("RST_STREAM 1 CANCEL"));
  bed.give(headers(1, response()) + data(1, "late").end_stream());
  EXPECT_THAT(bed.news(), IsEmpty());
  EXPECT_EQ(call.body(), "");
}

TEST(Connection, AServerThatIsDoneWithAStreamLetsTheRestGoOutAndDropsWhatComes) {
  TestBed bed(Role::server);
  bed.established({{SettingId::initial_window_size, 10}});
  bed.give(headers(1, request()) + data(1, "unread"));
  bed.answer(bed.ear(1), std::string(30, 'x'));
  bed.turn();
  EXPECT_FALSE(bed.ear(1).exchange.attached());
  EXPECT_THAT(bed.sent(), ElementsAre(StartsWith("HEADERS 1"), "DATA 1 \"xxxxxxxxxx\""));
  bed.give(data(1, "more") + window_update(1, 100));
  EXPECT_THAT(bed.sent(), AllOf(Contains("DATA 1 \"xxxxxxxxxxxxxxxxxxxx\""),
                                Contains("HEADERS 1 END_HEADERS END_STREAM grpc-status=0")));
  EXPECT_EQ(bed.ear(1).body(), "");
}

TEST(Connection, ACallerThatLetsGoOfAnUnfinishedStreamResetsIt) {
  TestBed bed(Role::client);
  Ear& call = bed.established().open(true);
  bed.turn();
  bed.sent();
  call.exchange.finish();
  call.exchange.finish();
  bed.turn();
  EXPECT_THAT(bed.sent(), ElementsAre("RST_STREAM 1 CANCEL"));
  EXPECT_EQ(bed.connection->active_streams(), 0u);
}

// Pooled: the next request in the same exchange must not see anything of the last one.
TEST(Connection, AnExchangeIsUsedAgain) {
  TestBed bed(Role::server);
  bed.established();
  bed.give(headers(1, request()) + data(1, "old bytes"));
  Ear& call = bed.ear(1);
  bed.answer(call);
  bed.next_accept = [&] { return &call.exchange; };
  bed.give(headers(3, request()) + data(3, "new").end_stream());
  EXPECT_EQ(call.body(), "new");
  bed.answer(call);
  bed.turn();
  EXPECT_EQ(bed.connection->running(), 0u);
}

TEST(Connection, AClientHearsWhenThePeerAllowsMoreStreams) {
  TestBed bed(Role::client);
  bed.established({{SettingId::max_concurrent_streams, 1}});
  bed.open();
  EXPECT_FALSE(bed.connection->can_open());
  bed.give(settings({{SettingId::max_concurrent_streams, 2}}));
  EXPECT_THAT(bed.news(), ElementsAre("capacity"));
  EXPECT_TRUE(bed.connection->can_open());
  bed.give(settings({{SettingId::max_concurrent_streams, 3}}));
  EXPECT_THAT(bed.news(), IsEmpty()) << "nobody was turned away since";
}

}  // namespace
}  // namespace pintle::transport

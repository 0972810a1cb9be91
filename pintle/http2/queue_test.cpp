// What waits in the streams' queues, whose turn it is, and when writers are told (pump(), output_cap).
#include <gmock/gmock.h>

#include <pintle/http2/test_support/engine.hpp>

namespace pintle::http2 {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using test::Established;
using test::Lines;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Frame wide_open() { return settings({{SettingId::initial_window_size, 10'000'000}}); }

void open_streams(Established& server, int n) {
  for (int i = 0; i < n; ++i) {
    const auto id = static_cast<StreamId>(2 * i + 1);
    server.feed(headers(id, request()).end_stream());
    server.head(id);
  }
  server.feed(window_update(0, 10'000'000));
  server.sent();
}

void queue(Established& server, StreamId id, std::size_t size, bool end = false) {
  server.session.queue_data(server.stream(id), as_bytes(std::string(size, 'x')), end);
}

TEST(Queue, StreamsTakeTurnsAFrameAtATime) {
  Established server(Role::server, {}, wide_open());
  open_streams(server, 3);
  queue(server, 1, 40'000, true);
  queue(server, 3, 10'000, true);
  queue(server, 5, 20'000, true);
  EXPECT_THAT(server.sent(),
              ElementsAre("DATA 1 16384 bytes", "DATA 3 END_STREAM 10000 bytes", "DATA 5 16384 bytes",
                          "DATA 1 16384 bytes", "DATA 5 END_STREAM 3616 bytes", "DATA 1 END_STREAM 7232 bytes"));
}

TEST(Queue, NoMoreThanTheCapIsMovedAtOnce) {
  Options options;
  options.output_cap = 20'000;
  Established server(Role::server, options, wide_open());
  open_streams(server, 1);
  queue(server, 1, 100'000);
  EXPECT_THAT(server.sent(), SizeIs(2));
  EXPECT_THAT(server.sent(), SizeIs(2));
  EXPECT_EQ(server.session.queued(server.stream(1)), 100'000u - 4 * 16'384);
}

TEST(Queue, ABlockedStreamHoldsUpNobody) {
  Established server(Role::server, {}, settings({{SettingId::initial_window_size, 10}}));
  open_streams(server, 2);
  queue(server, 1, 20);
  queue(server, 3, 5);
  EXPECT_THAT(server.sent(), ElementsAre("DATA 1 \"xxxxxxxxxx\"", "DATA 3 \"xxxxx\""));
}

TEST(Queue, TrailersComeAfterTheQueue) {
  Established server(Role::server, {}, settings({{SettingId::initial_window_size, 5}}));
  open_streams(server, 1);
  server.write(1, "0123456789");
  server.trailers(1, {{"grpc-status", "0"}, {"x", "y"}});
  EXPECT_TRUE(server.session.we_ended(server.stream(1)));
  EXPECT_THAT(server.sent(), ElementsAre("DATA 1 \"01234\""));
  server.feed(window_update(1, 5));
  EXPECT_THAT(server.sent(), ElementsAre("DATA 1 \"56789\"", "HEADERS 1 END_HEADERS END_STREAM grpc-status=0 x=y"));
  EXPECT_EQ(server.session.active_streams(), 0u);
}

TEST(Queue, AnEmptyEndFollowsTheQueue) {
  Established server(Role::server, {}, settings({{SettingId::initial_window_size, 5}}));
  open_streams(server, 1);
  server.write(1, "0123456");
  server.sent();
  queue(server, 1, 0, true);
  server.feed(window_update(1, 2));
  EXPECT_THAT(server.sent(), ElementsAre("DATA 1 END_STREAM \"56\""));
}

TEST(Queue, DirectWritesWaitBehindQueuedData) {
  Established server(Role::server, {}, settings({{SettingId::initial_window_size, 5}}));
  open_streams(server, 1);
  server.write(1, "0123456");
  EXPECT_EQ(server.session.write_data(server.stream(1), 1, false), nullptr) << "not before what is queued";
}

TEST(Queue, DirectWritesWaitForTheirTurn) {
  Established server(Role::server, {}, wide_open());
  open_streams(server, 2);
  queue(server, 1, 10);
  EXPECT_EQ(server.session.write_data(server.stream(3), 1, false), nullptr);
  server.session.pump();
  EXPECT_NE(server.session.write_data(server.stream(3), 1, false), nullptr);
}

TEST(Queue, TheWriterHearsWhenHalfOfTheMarkIsFree) {
  Options options;
  options.stream_queue_mark = 40'000;
  options.output_cap = 16'384;
  Established server(Role::server, options, wide_open());
  open_streams(server, 1);
  queue(server, 1, 50'000);
  server.sent();
  EXPECT_THAT(server.events(), IsEmpty()) << "33 616 are left";
  server.sent();
  EXPECT_THAT(server.events(), ElementsAre("writable 1"));
  server.sent();
  server.sent();
  EXPECT_THAT(server.events(), IsEmpty()) << "told once";
}

TEST(Queue, ASmallQueueTellsNobody) {
  Established server(Role::server, {}, wide_open());
  open_streams(server, 1);
  queue(server, 1, 100);
  server.sent();
  EXPECT_THAT(server.events(), IsEmpty());
}

TEST(Queue, AWriterThatMetAFullOutputHearsWhenItIsEmpty) {
  Options options;
  options.output_cap = 10;
  Established server(Role::server, options, wide_open());
  open_streams(server, 2);
  EXPECT_TRUE(server.write(1, "more than ten bytes"));
  EXPECT_EQ(server.session.write_data(server.stream(3), 1, false), nullptr);
  server.session.pump();
  EXPECT_THAT(server.events(), IsEmpty());
  server.session.output().clear();
  server.session.pump();
  EXPECT_THAT(server.events(), ElementsAre("writable 3"));
}

TEST(Queue, AWriterThatTriesInVainInsideTheEventIsAskedAgainLater) {
  Established server(Role::server, {}, wide_open());
  open_streams(server, 1);
  server.feed(window_update(1, 10'000'000));
  queue(server, 1, 10'065'535 - 5);  // leaves five bytes of the connection's window
  while (!server.sent().empty()) {
  }
  server.events();
  EXPECT_EQ(server.session.write_data(server.stream(1), 10, false), nullptr);
  server.reaction = [&](const std::string& line) {
    if (line == "writable 1") EXPECT_EQ(server.session.write_data(server.stream(1), 10, false), nullptr);
  };
  server.feed(window_update(1, 100));
  EXPECT_THAT(server.sent(), IsEmpty());
  server.reaction = nullptr;
  server.events();
  EXPECT_THAT(server.feed(window_update(0, 100)), ElementsAre("writable 1"));
}

TEST(Queue, AResetDropsIt) {
  Established server(Role::server, {}, settings({{SettingId::initial_window_size, 5}}));
  open_streams(server, 2);
  server.write(1, "0123456789");
  server.sent();
  server.session.reset(server.stream(1), ErrorCode::cancel);
  EXPECT_THAT(server.sent(), ElementsAre("RST_STREAM 1 CANCEL"));
  server.feed(window_update(1, 5));
  EXPECT_THAT(server.sent(), IsEmpty());
  server.feed(headers(5, request()).end_stream());
  EXPECT_EQ(server.session.queued(server.stream(5)), 0u) << "whose record it may be now";
}

TEST(Queue, AResetLeavesItsTurn) {
  Established server(Role::server, {}, wide_open());
  open_streams(server, 2);
  queue(server, 1, 10);
  queue(server, 3, 3);
  server.session.reset(server.stream(1), ErrorCode::cancel);
  EXPECT_EQ(server.session.counters().streams_reset_by_us, 1u);
  EXPECT_THAT(server.sent(), ElementsAre("RST_STREAM 1 CANCEL", "DATA 3 \"xxx\""));
}

TEST(Queue, FramesAreNoLongerThanThePeerTakes) {
  Established server(Role::server, {}, wide_open());
  open_streams(server, 1);
  EXPECT_EQ(server.session.write_data(server.stream(1), 16'385, false), nullptr);
  EXPECT_NE(server.session.write_data(server.stream(1), 16'384, false), nullptr);
}

}  // namespace
}  // namespace pintle::http2

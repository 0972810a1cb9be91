// Output that the peer takes slowly, or not at all: how much of it there is, and when the connection ends for it.
#include <algorithm>

#include <gmock/gmock.h>

#include <pintle/http2/internal/limits.hpp>
#include <pintle/http2/test_support/engine.hpp>

namespace pintle::http2 {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using test::Established;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::size_t kMiB = 1024 * 1024;

StreamId nth(int i) { return static_cast<StreamId>(2 * i + 1); }

// A peer that takes frames and windows of any size.
Frame greedy() {
  return settings({{SettingId::initial_window_size, 0x7fff'ffff}, {SettingId::max_frame_size, 16'777'215}});
}

TEST(Output, IsNotFilledByOneFrameHoweverLongThePeerTakesThem) {
  Established server(Role::server, {}, greedy());
  server.feed(window_update(0, 0x7000'0000) + headers(1, request()).end_stream());
  server.head(1);
  EXPECT_EQ(server.session.write_data(server.stream(1), 65'537, false), nullptr);
  EXPECT_FALSE(server.write(1, std::string(8 * kMiB, 'x')));
  server.session.pump();
  EXPECT_LT(server.session.output().size(), 300'000u);
  EXPECT_GT(server.session.queued(server.stream(1)), 7 * kMiB);
}

TEST(Output, TakesAFrameOf64KilobytesDirectlyWhereThePeerAllowsIt) {
  Established server(Role::server, {}, greedy());
  server.feed(window_update(0, 0x7000'0000) + headers(1, request()).end_stream());
  server.head(1);
  EXPECT_TRUE(server.write(1, std::string(65'536, 'x'), true));
  EXPECT_THAT(server.sent(), ElementsAre("HEADERS 1 END_HEADERS :status=200", "DATA 1 END_STREAM 65536 bytes"));
}

// What write_piece() gives for `size` bytes, piece by piece, filled; the rest, if any, is queued.
std::vector<std::size_t> write_in_pieces(Established& server, StreamId id, std::size_t size, bool end = false) {
  std::vector<std::size_t> pieces;
  while (size != 0) {
    const std::span<std::byte> piece = server.session.write_piece(server.stream(id), size, end);
    if (piece.empty()) break;
    std::ranges::fill(piece, std::byte{'x'});
    pieces.push_back(piece.size());
    size -= piece.size();
  }
  if (size != 0) server.session.queue_data(server.stream(id), as_bytes(std::string(size, 'q')), end);
  return pieces;
}

TEST(Pieces, AreTheFramesThatCarryThem) {
  Established server(Role::server, {}, greedy());
  server.feed(window_update(0, 0x7000'0000) + headers(1, request()).end_stream());
  server.head(1);
  EXPECT_THAT(write_in_pieces(server, 1, 40'000, true), ElementsAre(16'384, 16'384, 7232));
  EXPECT_THAT(server.sent(), ElementsAre("HEADERS 1 END_HEADERS :status=200", "DATA 1 16384 bytes",
                                         "DATA 1 16384 bytes", "DATA 1 END_STREAM 7232 bytes"));
}

TEST(Pieces, EndWhereTheWindowDoesAndTheRestWaitsInTheQueue) {
  Established server(Role::server, {}, settings({{SettingId::initial_window_size, 20'000}}));
  server.feed(headers(1, request()).end_stream());
  server.head(1);
  EXPECT_THAT(write_in_pieces(server, 1, 30'000), ElementsAre(16'384, 3616));
  EXPECT_EQ(server.session.queued(server.stream(1)), 10'000u);
  EXPECT_THAT(write_in_pieces(server, 1, 20'000), IsEmpty()) << "overtakes what is queued";
  server.sent();
  server.feed(window_update(1, 30'000));
  EXPECT_THAT(server.sent(), ElementsAre("DATA 1 16384 bytes", "DATA 1 13616 bytes"));
}

TEST(Pieces, ThatWereCutShortGiveTheNextMessageNoRightToMoreThanTheCap) {
  Options options;
  options.output_cap = 20'000;
  Established server(Role::server, options, settings({{SettingId::initial_window_size, 30'000}}));
  server.feed(window_update(0, 10'000'000) + headers(1, request()).end_stream());
  server.head(1);
  EXPECT_THAT(write_in_pieces(server, 1, 40'000), ElementsAre(16'384, 13'616));
  server.feed(window_update(1, 1'000'000));
  server.session.output().clear();
  server.session.pump();
  server.session.output().clear();
  server.session.pump();  // the rest has gone
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(server.write(1, std::string(16'000, 'x')));
  EXPECT_THAT(write_in_pieces(server, 1, 25'000), IsEmpty()) << "output() is full";
}

TEST(Pieces, LeaveTheTurnToStreamsThatWait) {
  Established server(Role::server, {}, greedy());
  server.feed(window_update(0, 0x7000'0000) + headers(1, request()).end_stream() + headers(3, request()).end_stream());
  server.head(1);
  server.head(3);
  server.session.queue_data(server.stream(3), as_bytes(std::string(10, 'x')), false);
  EXPECT_THAT(write_in_pieces(server, 1, 40'000), IsEmpty());
}

TEST(Pieces, OfWhatHasBegunMayFillTheOutputAndThenTheWriterWaitsUntilItHasLeft) {
  Options options;
  options.output_cap = 50'000;
  Established server(Role::server, options, greedy());
  server.feed(window_update(0, 0x7000'0000) + headers(1, request()).end_stream());
  server.head(1);
  const http2::Stream& stream = server.stream(1);
  write_in_pieces(server, 1, 40'000);
  EXPECT_TRUE(server.session.writable(stream));
  EXPECT_THAT(write_in_pieces(server, 1, 40'000), ElementsAre(16'384, 16'384, 7232)) << "begun below the cap";
  EXPECT_FALSE(server.session.writable(stream));
  EXPECT_THAT(write_in_pieces(server, 1, 40'000), IsEmpty());
  server.session.output().clear();
  server.session.pump();
  server.session.output().clear();
  server.session.pump();
  EXPECT_THAT(server.events(), Contains("writable 1"));
  EXPECT_TRUE(server.session.writable(stream));
}

TEST(Output, SplitsHeaderBlocksAsItDoesData) {
  Established server(Role::server, {}, greedy());
  server.feed(headers(1, request()).end_stream());
  server.head(1, true, response("200", {{"x", std::string(150'000, '~')}}));
  const auto bytes = server.session.output().bytes();
  std::vector<std::uint32_t> lengths;
  for (std::size_t at = 0; at < bytes.size(); at += kFrameHeaderSize + lengths.back())
    lengths.push_back(load_frame_header(bytes.data() + at).length);
  EXPECT_GE(lengths.size(), 3u);
  EXPECT_THAT(lengths, ::testing::Each(::testing::Le(65'536u)));
}

// As grpcio does it: long frames allowed, two downloads of 8 MB at a time, and frames of its own all the while.
TEST(Output, ThatIsReadSlowlyIsNoFault) {
  Established server(Role::server, {}, greedy());
  server.feed(window_update(0, 0x7000'0000));
  for (int round = 0; round < 6; ++round) {
    const StreamId a = nth(2 * round), b = nth(2 * round + 1);
    server.feed(headers(a, request()).end_stream() + headers(b, request()).end_stream());
    for (const StreamId id : {a, b}) {
      server.head(id);
      server.write(id, std::string(8 * kMiB, 'x'), true);
    }
    for (int step = 0; step < 10'000 && server.session.active_streams() != 0; ++step) {
      for (int i = 0; i < 3; ++i) server.feed(window_update(0, 1));
      Buffer& output = server.session.output();
      output.consume(std::min<std::size_t>(output.size(), 20'000));
    }
    EXPECT_EQ(server.session.active_streams(), 0u);
  }
  EXPECT_FALSE(server.session.dead());
}

// 100 answers of 60 KB at once are more than may wait without progress, but they go.
TEST(Output, OfLongHeadsThatIsReadSlowlyIsNoFault) {
  Established server;
  const Fields big = response("200", {{"x", std::string(20'000, '~')}});
  for (int i = 0; i < 2'000; ++i) {
    server.feed(headers(nth(i), request()).end_stream());
    ASSERT_FALSE(server.session.dead()) << i;
    server.head(nth(i), true, big);
    server.session.pump();
    Buffer& output = server.session.output();
    // The reader falls behind, up to 4 MB.
    output.consume(std::min<std::size_t>(output.size(), i < 200 ? 1'000 : 30'000));
  }
}

TEST(Output, ThatIsNotReadEndsTheConnection) {
  Established server;
  const Fields big = response("200", {{"x", std::string(2'000, '~')}});
  int i = 0;
  for (; i < 10'000 && !server.session.dead(); ++i) {
    server.session.feed(as_bytes(headers(nth(i), request()).end_stream().bytes()), server.now);
    if (!server.session.dead()) server.head(nth(i), true, big);
    server.session.pump();
  }
  EXPECT_THAT(server.events(), Contains(HasSubstr("output is not read")));
  EXPECT_LT(server.session.output().size(), 3 * kMiB);
}

// Nor does it help to take a byte now and then.
TEST(Output, ThatIsReadByTheByteEndsTheConnection) {
  Established server;
  const Fields big = response("200", {{"x", std::string(2'000, '~')}});
  for (int i = 0; i < 20'000 && !server.session.dead(); ++i) {
    server.session.feed(as_bytes(headers(nth(i), request()).end_stream().bytes()), server.now);
    if (!server.session.dead()) server.head(nth(i), true, big);
    server.session.pump();
    server.session.output().consume(1);
  }
  EXPECT_THAT(server.events(), Contains(HasSubstr("output is not read")));
  EXPECT_LT(server.session.output().size(), 9 * kMiB);
}

TEST(UnreadOutput, IsJudgedByWhatIsAddedWithoutProgress) {
  UnreadOutput unread(0);
  EXPECT_TRUE(unread.allows(2 * kMiB, 2 * kMiB));
  EXPECT_FALSE(unread.allows(2 * kMiB + 1, 2 * kMiB + 1));
  EXPECT_TRUE(unread.allows(2 * kMiB + 2, 2 * kMiB + 1)) << "a byte was taken";
  EXPECT_TRUE(unread.allows(4 * kMiB, 4 * kMiB - 1)) << "from there on";
  EXPECT_FALSE(unread.allows(4 * kMiB + 3, 4 * kMiB + 2));
}

TEST(ControlFrames, ThatAreNotReadEndTheConnection) {
  Options options;
  options.ping_strikes = 0;
  Established server(Role::server, options);
  int n = 0;
  while (!server.session.dead() && n < 10'000) {
    server.session.feed(as_bytes(ping(1).bytes()), server.now);
    ++n;
  }
  EXPECT_EQ(n, 1'001);
}

TEST(ControlFrames, ThatAreReadMayBeMany) {
  Options options;
  options.ping_strikes = 0;
  options.glitch_burst = 100'000;
  Established server(Role::server, options);
  for (int i = 0; i < 20'000; ++i) {
    server.session.feed(as_bytes(ping(1).bytes()), server.now);
    // A writer that is always a little behind: output never runs empty.
    if (server.session.output().size() > 5'000) server.session.output().consume(4'000);
  }
  EXPECT_FALSE(server.session.dead());
}

TEST(ControlQueue, CountsWhatIsNotSent) {
  ControlQueue queue(3);
  EXPECT_TRUE(queue.add(10, 0));
  EXPECT_TRUE(queue.add(20, 0));
  EXPECT_TRUE(queue.add(30, 0));
  EXPECT_FALSE(queue.add(40, 0));
  EXPECT_TRUE(queue.add(50, 40)) << "all but the last went out";
}

}  // namespace
}  // namespace pintle::http2

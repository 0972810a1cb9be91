// Frames in every state of a stream (RFC 9113 sections 5.1 and 5.1.1), server side.
#include <cstring>

#include <gmock/gmock.h>

#include <pintle/http2/internal/closed_streams.hpp>
#include <pintle/http2/test_support/engine.hpp>

namespace pintle::http2 {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using test::Established;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(IdleStream, TakesNothingButHeadersAndPriority) {
  for (const Frame& frame : {data(1, "x"), rst(1, ErrorCode::cancel), window_update(1, 1), data(2, "x")}) {
    Established server;
    EXPECT_THAT(server.feed(frame), ElementsAre(HasSubstr("connection error PROTOCOL_ERROR")));
  }
}

TEST(HalfClosedRemote, TakesNoMoreDataOrHeaders) {
  for (const Frame& frame : {data(1, "x"), headers(1, {{"a", "b"}}).end_stream()}) {
    Established server;
    server.feed(headers(1, request()).end_stream());
    EXPECT_THAT(server.feed(frame), ElementsAre("reset 1 STREAM_CLOSED by library", "closed 1"));
    EXPECT_THAT(server.sent(), ElementsAre("RST_STREAM 1 STREAM_CLOSED"));
    EXPECT_EQ(server.session.counters().streams_reset_by_us, 1u);
  }
}

TEST(HalfClosedRemote, TakesWindowUpdatePriorityAndReset) {
  Established server;
  server.feed(headers(1, request()).end_stream());
  EXPECT_THAT(server.feed(window_update(1, 1) + priority(1, 3)), IsEmpty());
  EXPECT_THAT(server.feed(rst(1, ErrorCode::cancel)), ElementsAre("reset 1 CANCEL by peer", "closed 1"));
  EXPECT_THAT(server.sent(), IsEmpty());
}

TEST(ClosedStream, AfterBothEndsTakesNoDataOrHeaders) {
  for (const Frame& frame : {data(1, "x"), headers(1, request())}) {
    Established server;
    server.feed(headers(1, request()).end_stream());
    server.head(1, true);
    server.sent();
    EXPECT_THAT(server.feed(frame), Contains(HasSubstr("connection error STREAM_CLOSED")));
  }
}

TEST(ClosedStream, AfterThePeersResetAnswersWithStreamClosed) {
  for (const Frame& frame : {data(1, "x"), headers(1, request())}) {
    Established server;
    server.feed(headers(1, request()) + rst(1, ErrorCode::cancel));
    EXPECT_THAT(server.feed(frame), IsEmpty());
    EXPECT_THAT(server.sent(), ElementsAre("RST_STREAM 1 STREAM_CLOSED"));
    EXPECT_FALSE(server.session.dead());
  }
}

TEST(ClosedStream, AfterOurResetIgnoresWhatWasOnItsWay) {
  Established server;
  server.feed(headers(1, request()));
  server.session.reset(server.stream(1), ErrorCode::cancel);
  EXPECT_THAT(server.events(), ElementsAre("closed 1"));
  EXPECT_THAT(server.sent(), ElementsAre("RST_STREAM 1 CANCEL"));
  EXPECT_THAT(server.feed(data(1, "x") + window_update(1, 5) + headers(1, {{"a", "b"}}).end_stream()), IsEmpty());
  EXPECT_THAT(server.sent(), IsEmpty());
}

TEST(ClosedStream, AResetOfAResetIsIgnored) {
  Established server;
  server.feed(headers(1, request()));
  server.session.reset(server.stream(1), ErrorCode::cancel);
  server.sent();
  server.events();
  EXPECT_THAT(server.feed(rst(1, ErrorCode::cancel)), IsEmpty());
  EXPECT_EQ(server.session.counters().glitches, 0u);
  EXPECT_THAT(server.feed(rst(1, ErrorCode::cancel)), IsEmpty());
  EXPECT_EQ(server.session.counters().glitches, 1u) << "one is enough";
}

TEST(ClosedStream, BelowAHigherOneWasNeverOpened) {
  Established server;
  server.feed(headers(7, request()));
  EXPECT_THAT(server.feed(headers(5, request())), Contains(HasSubstr("connection error PROTOCOL_ERROR")));
}

TEST(EarlyEnd, OfTheServerAsksThePeerToStop) {
  Established server;
  server.feed(headers(1, request()) + data(1, "x"));
  server.head(1, true);
  EXPECT_THAT(server.sent(), ElementsAre("HEADERS 1 END_HEADERS END_STREAM :status=200", "RST_STREAM 1 NO_ERROR"));
  EXPECT_THAT(server.events(), ElementsAre("closed 1"));
  EXPECT_THAT(server.feed(data(1, "late") + data(1, "end").end_stream()), IsEmpty());
  EXPECT_THAT(server.sent(), IsEmpty());
}

TEST(EarlyEnd, WithDirectDataKeepsTheBytesWhereTheyBelong) {
  Established server;
  server.feed(headers(1, request()));
  server.head(1);
  EXPECT_TRUE(server.write(1, "whole answer", true));
  EXPECT_THAT(server.sent(), ElementsAre("HEADERS 1 END_HEADERS :status=200", "DATA 1 END_STREAM \"whole answer\"",
                                         "RST_STREAM 1 NO_ERROR"));
}

TEST(EarlyEnd, MovesNothingThatIsStillToBeFilled) {
  // Every size, so that the RST_STREAM behind the data meets every edge of the buffer.
  for (std::size_t size = 1; size < 1'200; ++size) {
    Established server;
    server.feed(headers(1, request()));
    server.head(1);
    std::byte* at = server.session.write_data(server.stream(1), size, true);
    ASSERT_NE(at, nullptr);
    std::memset(at, 'd', size);
    const auto bytes = server.session.output().bytes();
    ASSERT_EQ(static_cast<char>(bytes[bytes.size() - kFrameHeaderSize - 4 - 1]), 'd') << size;
  }
}

TEST(Reset, OfThePeerEndsTheStream) {
  Established server;
  server.feed(headers(1, request()));
  EXPECT_THAT(server.feed(rst(1, ErrorCode::cancel)), ElementsAre("reset 1 CANCEL by peer", "closed 1"));
  EXPECT_EQ(server.session.counters().streams_reset_by_peer, 1u);
}

TEST(Reset, FramesOfTheWrongShapeEndTheConnection) {
  Established size;
  EXPECT_THAT(size.feed(headers(1, request()) + raw(3, 0, 1, "12345")), Contains(HasSubstr("FRAME_SIZE_ERROR")));
  Established zero;
  EXPECT_THAT(zero.feed(rst(0, ErrorCode::cancel)), Contains(HasSubstr("PROTOCOL_ERROR")));
}

TEST(Reset, InsideAnEventOfTheSameStream) {
  Established server;
  server.reaction = [&](const std::string& line) {
    if (line == "data 1 ab") server.session.reset(server.stream(1), ErrorCode::cancel);
  };
  const std::string frame = data(1, "abcdef");
  server.feed(headers(1, request()) + frame.substr(0, 11));
  EXPECT_THAT(server.feed(frame.substr(11) + headers(3, request())), ElementsAre(StartsWith("headers 3")))
      << "the rest of the frame is dropped";
}

TEST(Commands, OnAStreamThatEndedInItsOwnEventAreIgnored) {
  Established server;
  Stream* stream = nullptr;
  server.reaction = [&](const std::string& line) {
    if (line.starts_with("headers 1")) stream = &server.stream(1);
    if (line != "reset 1 CANCEL by peer") return;
    server.session.send_head(*stream, PreparedBlock(9, {}), {}, false);
    EXPECT_EQ(server.session.write_data(*stream, 1, false), nullptr);
    server.session.queue_data(*stream, as_bytes("x"), true);
    server.session.consume(*stream, 100'000);
    server.session.reset(*stream, ErrorCode::cancel);
  };
  server.feed(headers(1, request()));
  EXPECT_THAT(server.feed(rst(1, ErrorCode::cancel)), ElementsAre("reset 1 CANCEL by peer", "closed 1"));
  EXPECT_THAT(server.sent(), IsEmpty());
}

TEST(PushPromise, EndsTheConnection) {
  for (const Role role : {Role::server, Role::client}) {
    Established engine(role);
    EXPECT_THAT(engine.feed(raw(5, kEndHeaders, 1, std::string(4, '\0'))),
                ElementsAre(HasSubstr("connection error PROTOCOL_ERROR")));
  }
}

TEST(UnknownFrames, AreIgnoredAnywhere) {
  Established server;
  EXPECT_THAT(
      server.feed(raw(0x42, 0xff, 0, "xx") + raw(0x42, 0, 9, "") + headers(1, request()) + raw(0xff, 1, 1, "y")),
      ElementsAre(StartsWith("headers 1")));
  EXPECT_EQ(server.session.counters().glitches, 3u);
}

TEST(ClosedStreams, RememberHowTheyEnded) {
  using How = ClosedStreams::How;
  ClosedStreams closed;
  closed.opened(5);
  EXPECT_EQ(closed.how(1), How::never_opened);
  EXPECT_EQ(closed.how(3), How::never_opened);
  EXPECT_EQ(closed.how(5), How::ended);
  closed.set(5, How::reset_by_peer);
  closed.opened(7);
  closed.opened(2 * 1024 + 3);
  EXPECT_EQ(closed.how(5), How::reset_by_peer) << "the oldest that is remembered";
  EXPECT_EQ(closed.how(9), How::never_opened);
  closed.opened(2 * 1024 + 5);
  EXPECT_EQ(closed.how(5), How::reset_by_us) << "forgotten";
  closed.opened(0x7fff'ffff);
  EXPECT_EQ(closed.how(0x7fff'fffd), How::never_opened);
}

TEST(ClosedStreams, RememberWhatWasSkippedLongAgo) {
  using How = ClosedStreams::How;
  ClosedStreams closed;
  closed.opened(1);
  closed.opened(1'000'001);
  closed.opened(2'000'001);
  EXPECT_EQ(closed.how(3), How::never_opened);
  EXPECT_EQ(closed.how(999'999), How::never_opened);
  EXPECT_EQ(closed.how(1'000'003), How::never_opened);
  EXPECT_EQ(closed.how(1), How::reset_by_us) << "opened, and how it ended is forgotten";
  EXPECT_EQ(closed.how(1'000'001), How::reset_by_us);
}

TEST(ClosedStreams, OfTooManyGapsTheEldestGrowTogether) {
  using How = ClosedStreams::How;
  ClosedStreams closed;
  for (StreamId id = 1; id < 1'000'000; id += 10'000) closed.opened(id);
  EXPECT_EQ(closed.how(3), How::never_opened);
  EXPECT_EQ(closed.how(500'003), How::never_opened);
  EXPECT_EQ(closed.how(980'003), How::never_opened);
  EXPECT_EQ(closed.how(980'001), How::reset_by_us);
}

TEST(ClosedStreams, BeginWhereverThePeerDoes) {
  using How = ClosedStreams::How;
  ClosedStreams closed;
  closed.opened(0x7fff'fffb);
  EXPECT_EQ(closed.how(1), How::never_opened);
  EXPECT_EQ(closed.how(0x7fff'fff9), How::never_opened);
  EXPECT_EQ(closed.how(0x7fff'fffb), How::ended);
}

}  // namespace
}  // namespace pintle::http2

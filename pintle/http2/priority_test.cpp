// PRIORITY never schedules anything, but what RFC 7540 called an error still is one (RFC 9113 sections 5.3.2 and 6.3).
#include <gmock/gmock.h>

#include <pintle/http2/test_support/engine.hpp>

namespace pintle::http2 {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using test::Established;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Priority, IsAllowedOnAnyStreamAndIgnored) {
  Established server;
  server.feed(headers(1, request()).end_stream() + headers(3, request()));
  server.head(1, true);
  server.sent();
  server.events();
  EXPECT_THAT(server.feed(priority(1, 0) + priority(3, 1) + priority(99, 3) + priority(4, 3)), IsEmpty());
  EXPECT_THAT(server.sent(), IsEmpty());
  EXPECT_EQ(server.session.counters().glitches, 4u);
}

TEST(Priority, OnStreamZeroEndsTheConnection) {
  Established server;
  EXPECT_THAT(server.feed(priority(0, 1)), ElementsAre(HasSubstr("connection error PROTOCOL_ERROR")));
}

TEST(Priority, OfTheWrongSizeResetsTheStream) {
  Established server;
  server.feed(headers(1, request()));
  EXPECT_THAT(server.feed(raw(2, 0, 1, "1234")), ElementsAre("reset 1 FRAME_SIZE_ERROR by library", "closed 1"));
  EXPECT_THAT(server.sent(), ElementsAre("RST_STREAM 1 FRAME_SIZE_ERROR"));
}

// Whether its stream has ended when it comes is chance: h2spec and nghttp2 want an answer either way.
TEST(Priority, OfTheWrongSizeOnAClosedStreamEndsTheConnection) {
  Established server;
  server.feed(headers(1, request()).end_stream());
  server.head(1, true);
  server.sent();
  server.events();
  EXPECT_THAT(server.feed(raw(2, 0, 1, "1234")), ElementsAre(HasSubstr("connection error FRAME_SIZE_ERROR")));
}

TEST(Priority, OnItselfOnAClosedStreamIsIgnored) {
  Established server;
  server.feed(headers(1, request()).end_stream());
  server.head(1, true);
  server.sent();
  server.events();
  EXPECT_THAT(server.feed(priority(1, 1)), IsEmpty());
  EXPECT_THAT(server.sent(), IsEmpty());
}

TEST(Priority, OnItselfResetsTheStream) {
  Established server;
  server.feed(headers(1, request()));
  EXPECT_THAT(server.feed(priority(1, 1)), ElementsAre("reset 1 PROTOCOL_ERROR by library", "closed 1"));
}

TEST(Priority, InHeadersOnItselfResetsTheStream) {
  Established server;
  EXPECT_THAT(server.feed(headers(1, request()).priority(1)), IsEmpty());
  EXPECT_THAT(server.sent(), ElementsAre("RST_STREAM 1 PROTOCOL_ERROR"));
}

// RST_STREAM must not be sent for an idle stream (section 6.4), so the connection pays.
TEST(Priority, BadOnAnIdleStreamEndsTheConnection) {
  Established itself;
  EXPECT_THAT(itself.feed(priority(1, 1)), ElementsAre(HasSubstr("connection error PROTOCOL_ERROR")));
  Established size;
  EXPECT_THAT(size.feed(raw(2, 0, 1, "123456")), ElementsAre(HasSubstr("connection error FRAME_SIZE_ERROR")));
}

}  // namespace
}  // namespace pintle::http2

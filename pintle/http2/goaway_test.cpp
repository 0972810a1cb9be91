// GOAWAY in both directions (RFC 9113 section 6.8) and the two-step graceful end.
#include <gmock/gmock.h>

#include <pintle/http2/test_support/engine.hpp>

namespace pintle::http2 {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using test::Established;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Goaway, TheNoticeStillAcceptsStreams) {
  Established server;
  server.feed(headers(1, request()));
  server.session.notice("max_age");
  EXPECT_TRUE(server.session.draining());
  EXPECT_THAT(server.sent(), ElementsAre("GOAWAY 2147483647 NO_ERROR \"max_age\""));
  EXPECT_THAT(server.feed(headers(3, request())), ElementsAre(HasSubstr("headers 3")));
}

TEST(Goaway, TheSecondStepNamesTheLastStreamAndIgnoresLaterOnes) {
  Established server;
  server.session.notice();
  server.feed(headers(1, request()) + headers(3, request()));
  server.sent();
  server.session.close_gracefully();
  EXPECT_THAT(server.sent(), ElementsAre("GOAWAY 3 NO_ERROR"));
  EXPECT_THAT(server.feed(headers(5, request()) + data(5, "late") + window_update(5, 1) + rst(5, ErrorCode::cancel)),
              IsEmpty());
  EXPECT_THAT(server.sent(), IsEmpty());
  EXPECT_THAT(server.feed(data(1, "still read").end_stream()), ElementsAre("data 1 still read end"));
  server.head(1, true);
  EXPECT_THAT(server.sent(), ElementsAre("HEADERS 1 END_HEADERS END_STREAM :status=200"));
}

TEST(Goaway, BlocksOfIgnoredStreamsKeepTheTablesInStep) {
  Established server;
  server.session.close_gracefully();
  // Stream 1 puts "a: b" into the table; whoever reads stream 3 of another connection needs it.
  EXPECT_THAT(server.feed(headers_raw(1, std::string("\x40\x01") + "a\x01" + "b")), IsEmpty());
  EXPECT_THAT(server.feed(headers_raw(3, "\xbe")), IsEmpty()) << "index 62 exists";
  EXPECT_FALSE(server.session.dead());
}

TEST(Goaway, TheLastIdNeverGrows) {
  Established server;
  server.feed(headers(1, request()));
  server.session.close_gracefully();
  server.feed(headers(3, request()));
  server.session.close_gracefully();
  server.session.notice();
  EXPECT_THAT(server.sent(), ElementsAre("GOAWAY 1 NO_ERROR", "GOAWAY 1 NO_ERROR", "GOAWAY 1 NO_ERROR"));
}

TEST(Goaway, FromTheServerEndsLaterStreamsAsRefused) {
  Established client(Role::client);
  client.open(true);
  client.open(true);
  client.open(true);
  client.sent();
  EXPECT_THAT(client.feed(goaway(3, ErrorCode::no_error, "max_age")),
              ElementsAre("reset 5 REFUSED_STREAM by GOAWAY", "closed 5", "goaway 3 NO_ERROR max_age"));
  EXPECT_TRUE(client.session.draining());
  EXPECT_FALSE(client.session.can_open());
  EXPECT_EQ(client.open(true), nullptr);
  EXPECT_THAT(client.feed(headers(1, response()).end_stream()), ElementsAre("headers 1 :status=200 end", "closed 1"));
  EXPECT_THAT(client.sent(), IsEmpty());
}

TEST(Goaway, InTwoStepsFromTheServer) {
  Established client(Role::client);
  client.open(true);
  client.open(true);
  EXPECT_THAT(client.feed(goaway(0x7fff'ffff, ErrorCode::no_error)), ElementsAre("goaway 2147483647 NO_ERROR "));
  EXPECT_THAT(client.feed(goaway(1, ErrorCode::no_error)),
              ElementsAre("reset 3 REFUSED_STREAM by GOAWAY", "closed 3", "goaway 1 NO_ERROR "));
}

TEST(Goaway, MustNotRaiseItsLastStream) {
  Established client(Role::client);
  client.feed(goaway(1, ErrorCode::no_error));
  EXPECT_THAT(client.feed(goaway(3, ErrorCode::no_error)), ElementsAre(HasSubstr("PROTOCOL_ERROR")));
}

TEST(Goaway, FromAClientOnlyInforms) {
  Established server;
  server.feed(headers(1, request()));
  EXPECT_THAT(server.feed(goaway(0, ErrorCode::internal_error, "oops")), ElementsAre("goaway 0 INTERNAL_ERROR oops"));
  EXPECT_EQ(server.session.active_streams(), 1u);
}

TEST(Goaway, BadFramesEndTheConnection) {
  Established on_stream;
  EXPECT_THAT(on_stream.feed(raw(7, 0, 1, std::string(8, '\0'))), ElementsAre(HasSubstr("PROTOCOL_ERROR")));
  Established short_one;
  EXPECT_THAT(short_one.feed(raw(7, 0, 0, std::string(7, '\0'))), ElementsAre(HasSubstr("FRAME_SIZE_ERROR")));
}

TEST(Goaway, TerminateEndsEverythingAtOnce) {
  Established server;
  server.feed(headers(1, request()) + headers(3, request()));
  server.session.terminate(ErrorCode::internal_error, "bye");
  EXPECT_THAT(server.events(),
              ElementsAre("reset 1 INTERNAL_ERROR by user", "closed 1", "reset 3 INTERNAL_ERROR by user", "closed 3",
                          "connection error INTERNAL_ERROR by user: bye"));
  EXPECT_THAT(server.sent(), ElementsAre("GOAWAY 3 INTERNAL_ERROR \"bye\""));
  server.session.terminate(ErrorCode::internal_error, "again");
  EXPECT_THAT(server.events(), IsEmpty());
}

TEST(Goaway, TerminateInsideAnEvent) {
  Established server;
  server.reaction = [&](const std::string& line) {
    if (line == "data 1 x") server.session.terminate(ErrorCode::internal_error, "");
  };
  EXPECT_THAT(server.feed(headers(1, request()) + data(1, "x") + data(1, "y") + ping(1)),
              ElementsAre(HasSubstr("headers 1"), "data 1 x", "reset 1 INTERNAL_ERROR by user", "closed 1",
                          "connection error INTERNAL_ERROR by user: "));
  EXPECT_THAT(server.sent(), ElementsAre("GOAWAY 1 INTERNAL_ERROR"));
}

TEST(Goaway, ALostTransportEndsEveryStreamSilently) {
  Established server;
  server.feed(headers(1, request()));
  server.session.on_transport_closed();
  EXPECT_THAT(server.events(), ElementsAre("reset 1 NO_ERROR by library", "closed 1"));
  EXPECT_TRUE(server.session.dead());
  EXPECT_THAT(server.sent(), IsEmpty());
}

}  // namespace
}  // namespace pintle::http2

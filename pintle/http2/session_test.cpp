// A call from beginning to end, from both sides.
#include <gmock/gmock.h>

#include <pintle/http2/test_support/engine.hpp>

namespace pintle::http2 {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using test::Engine;
using test::Established;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Session, AServerAnnouncesItselfAtOnce) {
  Engine server;
  EXPECT_THAT(server.sent(), ElementsAre("SETTINGS MAX_CONCURRENT_STREAMS=100 INITIAL_WINDOW_SIZE=65536 "
                                         "MAX_HEADER_LIST_SIZE=8192",
                                         "WINDOW_UPDATE 0 +983041"));
  EXPECT_THAT(server.feed(preface() + settings() + settings_ack()), ElementsAre("first settings"));
  EXPECT_THAT(server.sent(), ElementsAre("SETTINGS ACK"));
}

TEST(Session, AClientBeginsWithThePreface) {
  Engine client(Role::client);
  EXPECT_THAT(client.sent(),
              ElementsAre("PREFACE", "SETTINGS ENABLE_PUSH=0 INITIAL_WINDOW_SIZE=65536 MAX_HEADER_LIST_SIZE=8192",
                          "WINDOW_UPDATE 0 +983041"));
}

TEST(Session, AUnaryCallOnTheServer) {
  Established server;
  EXPECT_THAT(server.feed(headers(1, request("/a")) + data(1, "ask").end_stream()),
              ElementsAre("headers 1 :method=POST :scheme=http :path=/a :authority=test", "data 1 ask end"));
  server.head(1);
  EXPECT_TRUE(server.write(1, "answer"));
  server.trailers(1);
  EXPECT_THAT(server.sent(), ElementsAre("HEADERS 1 END_HEADERS :status=200", "DATA 1 \"answer\"",
                                         "HEADERS 1 END_HEADERS END_STREAM grpc-status=0"));
  EXPECT_THAT(server.events(), ElementsAre("closed 1"));
  EXPECT_EQ(server.session.active_streams(), 0u);
}

TEST(Session, AUnaryCallOnTheClient) {
  Established client(Role::client);
  ASSERT_NE(client.open(false), nullptr);
  EXPECT_TRUE(client.write(1, "ask", true));
  EXPECT_THAT(client.sent(), ElementsAre("HEADERS 1 END_HEADERS :method=POST :scheme=http :path=/s/m :authority=test",
                                         "DATA 1 END_STREAM \"ask\""));
  EXPECT_THAT(client.feed(headers(1, response()) + data(1, "answer") + headers(1, {{"grpc-status", "0"}}).end_stream()),
              ElementsAre("headers 1 :status=200", "data 1 answer", "trailers 1 grpc-status=0", "closed 1"));
  EXPECT_THAT(client.sent(), IsEmpty());
}

TEST(Session, TheAnswerMayBeGivenInsideTheEvent) {
  Established server;
  server.reaction = [&](const std::string& line) {
    if (line != "data 1 ask end") return;
    server.head(1);
    server.write(1, "answer");
    server.trailers(1);
  };
  EXPECT_THAT(server.feed(headers(1, request()) + data(1, "ask").end_stream()),
              ElementsAre(::testing::StartsWith("headers 1"), "data 1 ask end", "closed 1"));
  EXPECT_EQ(server.sent().size(), 3u);
}

TEST(Session, BytesMayArriveOneByOne) {
  Engine server;
  server.sent();
  const auto lines = server.feed_slowly(preface() + settings() + settings_ack() + headers(1, request()) +
                                        data(1, "abc").padded(3).end_stream());
  EXPECT_THAT(
      lines, ElementsAre("first settings", ::testing::StartsWith("headers 1"), "data 1 a", "data 1 b", "data 1 c end"));
}

TEST(Session, NothingIsReadAfterTheConnectionHasFailed) {
  Established server;
  EXPECT_THAT(server.feed(data(0, "x") + headers(1, request())),
              ElementsAre("connection error PROTOCOL_ERROR by library: DATA on stream 0"));
  EXPECT_TRUE(server.session.dead());
  EXPECT_THAT(server.feed(headers(3, request()).bytes()), IsEmpty());
  EXPECT_THAT(server.sent(), ElementsAre("GOAWAY 0 PROTOCOL_ERROR \"DATA on stream 0\""));
}

}  // namespace
}  // namespace pintle::http2

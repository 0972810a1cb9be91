// The client's side: opening streams and what makes a response well-formed (RFC 9113 section 8).
#include <gmock/gmock.h>

#include <pintle/http2/test_support/engine.hpp>
#include <pintle/testing/wire/heads.hpp>

namespace pintle::http2 {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using test::Engine;
using test::Established;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(Client, InformationalHeadsAreSkipped) {
  for (const Head& head : informational_responses()) {
    Established client(Role::client);
    client.open(true);
    EXPECT_THAT(client.feed(headers(1, head.fields) + headers(1, head.fields) + headers(1, response()).end_stream()),
                ElementsAre("headers 1 :status=200 end", "closed 1"))
        << head.name;
  }
}

TEST(Client, AnInformationalHeadIsNotTheEnd) {
  for (const Head& head : informational_responses()) {
    Established client(Role::client);
    client.open(true);
    EXPECT_THAT(client.feed(headers(1, head.fields).end_stream()),
                ElementsAre("reset 1 PROTOCOL_ERROR by library", "closed 1"))
        << head.name;
  }
}

TEST(Client, AResponseIsTakenWhenItIsWellFormed) {
  for (const Head& head : good_responses()) {
    Established client(Role::client);
    client.open(true);
    EXPECT_THAT(client.feed(headers(1, head.fields).end_stream()),
                ElementsAre(StartsWith("headers 1 :status="), "closed 1"))
        << head.name;
  }
}

TEST(Client, AMalformedResponseResetsTheStream) {
  for (const Head& head : bad_responses()) {
    Established client(Role::client);
    client.open(true);
    client.sent();
    EXPECT_THAT(client.feed(headers(1, head.fields)), ElementsAre("reset 1 PROTOCOL_ERROR by library", "closed 1"))
        << head.name;
    EXPECT_THAT(client.sent(), ElementsAre("RST_STREAM 1 PROTOCOL_ERROR"));
  }
}

TEST(Client, DataThatDoesNotFitTheHeadResetsTheStream) {
  for (const Frame& frame :
       {headers(1, response("200", {{"content-length", "5"}})).end_stream(), data(1, "before the head")}) {
    Established client(Role::client);
    client.open(true);
    EXPECT_THAT(client.feed(frame), ElementsAre("reset 1 PROTOCOL_ERROR by library", "closed 1")) << frame.bytes();
  }
}

TEST(Client, AResponseWithoutABodyMayNameALength) {
  Established client(Role::client);
  client.open(true);
  EXPECT_THAT(client.feed(headers(1, response("304", {{"content-length", "5"}})).end_stream()),
              ElementsAre("headers 1 :status=304 content-length=5 end", "closed 1"));
}

TEST(Client, ASecondHeadIsMalformedTrailers) {
  Established client(Role::client);
  client.open(true);
  EXPECT_THAT(client.feed(headers(1, response()) + headers(1, response())),
              ElementsAre("headers 1 :status=200", "reset 1 PROTOCOL_ERROR by library", "closed 1"));
}

TEST(Client, ATooLargeResponseResetsTheStream) {
  Options options;
  options.max_header_list = 500;
  Established client(Role::client, options);
  client.open(true);
  EXPECT_THAT(client.feed(headers(1, response("200", {{"x", std::string(500, 'y')}}))),
              ElementsAre("reset 1 ENHANCE_YOUR_CALM by library", "closed 1"));
}

TEST(Client, TheServerMayEndFirst) {
  Established client(Role::client);
  client.open(false);
  client.sent();
  EXPECT_THAT(client.feed(headers(1, response()).end_stream()), ElementsAre("headers 1 :status=200 end"));
  EXPECT_TRUE(client.session.peer_ended(client.stream(1)));
  EXPECT_THAT(client.feed(rst(1, ErrorCode::no_error)), ElementsAre("reset 1 NO_ERROR by peer", "closed 1"));
}

TEST(Client, MayGoOnAfterTheServersEnd) {
  Established client(Role::client);
  client.open(false);
  client.feed(headers(1, response()).end_stream());
  client.sent();
  EXPECT_TRUE(client.write(1, "x", true));
  EXPECT_THAT(client.sent(), ElementsAre("DATA 1 END_STREAM \"x\""));
  EXPECT_THAT(client.events(), ElementsAre("closed 1"));
}

TEST(Client, KeepsThePeersConcurrency) {
  Established client(Role::client, {}, settings({{SettingId::max_concurrent_streams, 1}}));
  EXPECT_NE(client.open(true), nullptr);
  EXPECT_FALSE(client.session.can_open());
  EXPECT_EQ(client.open(true), nullptr);
  EXPECT_THAT(client.feed(headers(1, response()).end_stream()),
              ElementsAre("headers 1 :status=200 end", "closed 1", "streams available"));
  EXPECT_NE(client.open(true), nullptr);
}

TEST(Client, HearsOfARaisedConcurrency) {
  Established client(Role::client, {}, settings({{SettingId::max_concurrent_streams, 0}}));
  EXPECT_EQ(client.open(true), nullptr);
  EXPECT_THAT(client.feed(settings({{SettingId::max_concurrent_streams, 3}})),
              ElementsAre("settings", "streams available"));
}

TEST(Client, OpensAHundredStreamsBeforeItKnowsBetter) {
  Engine client(Role::client);
  for (int i = 0; i < 100; ++i) EXPECT_NE(client.open(true), nullptr);
  EXPECT_EQ(client.open(true), nullptr);
  EXPECT_THAT(client.feed(settings()), ElementsAre("first settings", "streams available"));
}

TEST(Client, HeadersOfTheServersOwnEndTheConnection) {
  for (const std::uint32_t id : {2u, 3u}) {
    Established client(Role::client);
    client.open(true);
    EXPECT_THAT(client.feed(headers(id, response())), Contains(HasSubstr("connection error PROTOCOL_ERROR")));
  }
}

TEST(Client, ALateAnswerToAResetStreamIsIgnored) {
  Established client(Role::client);
  client.open(true);
  client.session.reset(client.stream(1), ErrorCode::cancel);
  client.sent();
  client.events();
  EXPECT_THAT(client.feed(headers(1, response()) + data(1, "x") + headers(1, {{"grpc-status", "0"}}).end_stream()),
              IsEmpty());
  EXPECT_THAT(client.sent(), IsEmpty());
}

TEST(Client, ACallMayBeOpenedInsideAnyEvent) {
  Established client(Role::client);
  client.open(true);
  client.reaction = [&](const std::string& line) {
    if (line == "closed 1") client.open(true);
  };
  client.feed(headers(1, response()).end_stream());
  EXPECT_EQ(client.session.active_streams(), 1u);
  EXPECT_EQ(client.streams.begin()->first, 3u);
}

}  // namespace
}  // namespace pintle::http2

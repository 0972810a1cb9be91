// Stream ids only rise, and there are 2^30 for each side (RFC 9113 section 5.1.1).
#include <gmock/gmock.h>

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

constexpr StreamId kLast = 0x7fff'ffff;

Options beginning_at(StreamId id) {
  Options options;
  options.first_stream_id = id;
  return options;
}

TEST(StreamIds, TheClientUsesTheLastOneAndNoMore) {
  Established client(Role::client, beginning_at(kLast - 2));
  EXPECT_EQ(client.open(true)->id(), kLast - 2);
  EXPECT_TRUE(client.session.can_open());
  EXPECT_FALSE(client.session.exhausted());
  EXPECT_EQ(client.open(true)->id(), kLast);
  EXPECT_FALSE(client.session.can_open());
  EXPECT_TRUE(client.session.exhausted());
  EXPECT_EQ(client.open(true), nullptr);
  EXPECT_FALSE(client.session.draining()) << "nobody said so: that is for the room above";
}

TEST(StreamIds, WhatIsOpenGoesOnWhenTheyHaveRunOut) {
  Established client(Role::client, beginning_at(kLast - 2));
  client.open(true);
  client.open(true);
  client.sent();
  EXPECT_EQ(client.open(true), nullptr);
  EXPECT_THAT(
      client.feed(headers(kLast - 2, response()).end_stream() + headers(kLast, response()) + data(kLast, "last")),
      ElementsAre("headers 2147483645 :status=200 end", "closed 2147483645", "headers 2147483647 :status=200",
                  "data 2147483647 last"))
      << "and nobody hears that streams are available";
}

TEST(StreamIds, ThatAreExhaustedAreNoMatterOfConcurrency) {
  Established client(Role::client, beginning_at(kLast), settings({{SettingId::max_concurrent_streams, 1}}));
  client.open(true);
  EXPECT_EQ(client.open(true), nullptr);
  EXPECT_THAT(client.feed(settings({{SettingId::max_concurrent_streams, 100}})), ElementsAre("settings"));
  EXPECT_THAT(client.feed(headers(kLast, response()).end_stream()),
              ElementsAre("headers 2147483647 :status=200 end", "closed 2147483647"));
  EXPECT_EQ(client.open(true), nullptr);
}

TEST(StreamIds, TheServerServesTheLastOne) {
  Established server;
  EXPECT_THAT(server.feed(headers(kLast - 2, request()).end_stream()), ElementsAre(StartsWith("headers 2147483645")));
  EXPECT_FALSE(server.session.exhausted());
  EXPECT_THAT(server.feed(headers(kLast, request()).end_stream()), ElementsAre(StartsWith("headers 2147483647")));
  EXPECT_TRUE(server.session.exhausted());
  server.head(kLast - 2, true);
  server.head(kLast, true);
  EXPECT_THAT(server.sent(), ElementsAre("HEADERS 2147483645 END_HEADERS END_STREAM :status=200",
                                         "HEADERS 2147483647 END_HEADERS END_STREAM :status=200"));
}

TEST(StreamIds, NearTheEndTheTwoStepsOfAGracefulEndRefuseNothing) {
  Established server;
  server.feed(headers(kLast - 4, request()).end_stream());
  server.session.notice();
  EXPECT_THAT(server.feed(headers(kLast - 2, request()).end_stream()), ElementsAre(StartsWith("headers 2147483645")));
  EXPECT_THAT(server.feed(headers(kLast, request()).end_stream()), ElementsAre(StartsWith("headers 2147483647")));
  server.session.close_gracefully();
  EXPECT_THAT(server.sent(), ElementsAre("GOAWAY 2147483647 NO_ERROR", "GOAWAY 2147483647 NO_ERROR"));
  EXPECT_EQ(server.session.active_streams(), 3u);
}

TEST(StreamIds, NothingFollowsTheLastOne) {
  Established server;
  server.feed(headers(kLast, request()).end_stream());
  server.head(kLast, true);
  EXPECT_THAT(server.feed(headers(1, request())), Contains(HasSubstr("connection error PROTOCOL_ERROR")));
}

TEST(StreamIds, ThatWereSkippedMustNotBeUsed) {
  for (const auto& [second, third] : {std::pair(5u, 3u), std::pair(1'000'001u, 3u), std::pair(1'000'001u, 999'999u),
                                      std::pair(kLast, 3u), std::pair(kLast, kLast - 2)}) {
    Established server;
    server.feed(headers(1, request()) + headers(second, request()));
    EXPECT_THAT(server.feed(headers(third, request())), Contains(HasSubstr("connection error PROTOCOL_ERROR")))
        << second << ", then " << third;
  }
}

TEST(StreamIds, DataOnOneThatWasSkippedEndsTheConnection) {
  for (const StreamId second : {5u, 1'000'001u}) {
    Established server;
    server.feed(headers(1, request()) + headers(second, request()));
    EXPECT_THAT(server.feed(data(3, "x")), Contains(HasSubstr("connection error STREAM_CLOSED"))) << second;
  }
}

TEST(StreamIds, WhoSkipsMayStillEndWhatIsFarBelow) {
  Established server;
  server.feed(headers(1, request()) + headers(1'000'001, request()));
  EXPECT_THAT(server.feed(data(1, "x") + headers(1, {{"checksum", "1"}}).end_stream()),
              ElementsAre("data 1 x", "trailers 1 checksum=1"));
  server.head(1'000'001, true);
  server.session.reset(server.stream(1), ErrorCode::cancel);
  server.sent();
  server.events();
  EXPECT_THAT(server.feed(data(1'000'001, "late") + headers(1'000'001, {{"checksum", "1"}}).end_stream()), IsEmpty());
  EXPECT_FALSE(server.session.dead());
}

}  // namespace
}  // namespace pintle::http2

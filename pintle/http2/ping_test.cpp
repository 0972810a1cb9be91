// PING (RFC 9113 section 6.7) and the strikes of gRFC A8.
#include <gmock/gmock.h>

#include <pintle/http2/test_support/engine.hpp>

namespace pintle::http2 {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using std::chrono::minutes;
using test::Established;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr auto kTooMany = "connection error ENHANCE_YOUR_CALM by library: too_many_pings";

TEST(Ping, IsAnsweredWithItsTag) {
  for (const Role role : {Role::server, Role::client}) {
    Established engine(role);
    EXPECT_THAT(engine.feed(ping(0x0102030405060708)), IsEmpty());
    EXPECT_THAT(engine.sent(), ElementsAre("PING ACK 72623859790382856"));
  }
}

TEST(Ping, OfOursComesBack) {
  Established client(Role::client);
  client.session.ping(7);
  EXPECT_THAT(client.sent(), ElementsAre("PING 7"));
  EXPECT_THAT(client.feed(ping(7).ack()), ElementsAre("ping ack 7"));
}

TEST(Ping, AnAnswerThatNobodyAwaitsIsAGlitch) {
  Established client(Role::client);
  EXPECT_THAT(client.feed(ping(7).ack()), IsEmpty());
  EXPECT_EQ(client.session.counters().glitches, 1u);
}

TEST(Ping, BadFramesEndTheConnection) {
  Established on_stream;
  EXPECT_THAT(on_stream.feed(raw(6, 0, 1, "12345678")), ElementsAre(HasSubstr("PROTOCOL_ERROR")));
  Established short_one;
  EXPECT_THAT(short_one.feed(raw(6, 0, 0, "1234567")), ElementsAre(HasSubstr("FRAME_SIZE_ERROR")));
}

TEST(Ping, TwoStrikesAreForgivenTheThirdIsNot) {
  Established server;
  server.feed(headers(1, request()));
  EXPECT_THAT(server.feed(ping(1) + ping(2) + ping(3)), IsEmpty()) << "the first is no strike";
  EXPECT_THAT(server.feed(ping(4)), ElementsAre("reset 1 ENHANCE_YOUR_CALM by library", "closed 1", kTooMany));
  EXPECT_THAT(server.sent().back(), "GOAWAY 1 ENHANCE_YOUR_CALM \"too_many_pings\"");
}

TEST(Ping, WithStreamsFiveMinutesApartIsFine) {
  Established server;
  server.feed(headers(1, request()));
  for (std::uint64_t i = 0; i < 10; ++i) {
    EXPECT_THAT(server.feed(ping(i)), IsEmpty());
    server.advance(minutes(5));
  }
}

TEST(Ping, WithoutStreamsFiveMinutesApartIsTooOften) {
  Established server;
  for (std::uint64_t i = 0; i < 3; ++i) {
    EXPECT_THAT(server.feed(ping(i)), IsEmpty());
    server.advance(minutes(5));
  }
  EXPECT_THAT(server.feed(ping(4)), ElementsAre(kTooMany));
}

TEST(Ping, WithoutStreamsTwoHoursApartIsFine) {
  Established server;
  for (std::uint64_t i = 0; i < 10; ++i) {
    EXPECT_THAT(server.feed(ping(i)), IsEmpty());
    server.advance(std::chrono::hours(2));
  }
}

// The next one is judged by the last that was in time: a little too fast is a strike for every second PING.
TEST(Ping, AStrikeDoesNotMoveTheTimeOfTheLastValidOne) {
  Established server;
  server.feed(headers(1, request()));
  for (std::uint64_t i = 0; i < 5; ++i) {
    EXPECT_THAT(server.feed(ping(i)), IsEmpty());
    server.advance(minutes(4));
  }
  EXPECT_THAT(server.feed(ping(5)), Contains(kTooMany)) << "valid at 0, 8 and 16 minutes; strikes at 4, 12 and 20";
}

TEST(Ping, WhatWasSentAllowsOnePingAndTheNextIsJudgedByIt) {
  Established server;
  server.feed(headers(1, request()));
  server.head(1);
  EXPECT_THAT(server.feed(ping(1) + ping(2) + ping(3)), IsEmpty());
  EXPECT_THAT(server.feed(ping(4)), Contains(kTooMany));
}

TEST(Ping, WhereTheServerPermitsItTheIntervalIsTheSameWithoutStreams) {
  Options options;
  options.min_ping_interval_idle = options.min_ping_interval;
  Established server(Role::server, options);
  for (std::uint64_t i = 0; i < 10; ++i) {
    EXPECT_THAT(server.feed(ping(i)), IsEmpty());
    server.advance(minutes(5));
  }
}

TEST(Ping, SendingForgivesAllStrikes) {
  Established server;
  server.feed(headers(1, request()));
  for (std::uint64_t i = 0; i < 20; ++i) {
    EXPECT_THAT(server.feed(ping(2 * i) + ping(2 * i + 1)), IsEmpty());
    if (i == 0) {
      server.head(1);
    } else {
      server.write(1, "x");
    }
    server.sent();
  }
}

TEST(Ping, StrikesCanBeSwitchedOff) {
  Options options;
  options.ping_strikes = 0;
  Established server(Role::server, options);
  for (std::uint64_t i = 0; i < 100; ++i) server.feed(ping(i));
  EXPECT_FALSE(server.session.dead());
}

TEST(Ping, AClientCountsNoStrikes) {
  Established client(Role::client);
  for (std::uint64_t i = 0; i < 100; ++i) client.feed(ping(i));
  EXPECT_FALSE(client.session.dead());
}

}  // namespace
}  // namespace pintle::http2

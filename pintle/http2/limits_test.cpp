// What a peer may make us do before the connection ends with ENHANCE_YOUR_CALM.
#include <gmock/gmock.h>

#include <pintle/http2/test_support/engine.hpp>

namespace pintle::http2 {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Established;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Feeds `make(i)` until the connection is dead, at most `most` times; how often it took.
template <class Make>
int feeds_until_dead(Established& engine, int most, Make make) {
  for (int i = 0; i < most; ++i) {
    engine.feed(make(i));
    engine.sent();
    if (engine.session.dead()) return i + 1;
  }
  return most;
}

StreamId nth(int i) { return static_cast<StreamId>(2 * i + 1); }

TEST(Concurrency, AStreamTooManyIsRefused) {
  Options options;
  options.max_concurrent_streams = 2;
  Established server(Role::server, options);
  server.feed(headers(1, request()) + headers(3, request()));
  EXPECT_THAT(server.feed(headers(5, request())), IsEmpty());
  EXPECT_THAT(server.sent(), ElementsAre("RST_STREAM 5 REFUSED_STREAM"));
  EXPECT_THAT(server.feed(rst(1, ErrorCode::cancel) + headers(7, request())), Contains(HasSubstr("headers 7")));
}

TEST(RapidReset, IsCutOff) {
  Established server;
  const int n = feeds_until_dead(server, 10'000,
                                 [](int i) { return headers(nth(i), request()) + rst(nth(i), ErrorCode::cancel); });
  EXPECT_EQ(n, 500);
  EXPECT_THAT(server.feed(ping(1)), IsEmpty());
}

TEST(RapidReset, CountsOnlyWhatWasNotAnswered) {
  Established server;
  const int n = feeds_until_dead(server, 2'000, [&](int i) {
    server.feed(headers(nth(i), request()));
    server.head(nth(i));
    return rst(nth(i), ErrorCode::cancel).bytes();
  });
  EXPECT_EQ(n, 2'000);
}

TEST(RapidReset, AllowsHalfOfTheRequests) {
  Established server;
  const int n = feeds_until_dead(server, 2'000, [&](int i) {
    server.feed(headers(nth(i), request()).end_stream());
    if (i % 2 == 1) return rst(nth(i), ErrorCode::cancel).bytes();
    server.head(nth(i), true);
    return std::string();
  });
  EXPECT_EQ(n, 2'000);
}

TEST(RapidReset, ForgetsWithTime) {
  Established server;
  const int n = feeds_until_dead(server, 2'000, [&](int i) {
    server.advance(milliseconds(3));
    return headers(nth(i), request()) + rst(nth(i), ErrorCode::cancel);
  });
  EXPECT_EQ(n, 2'000) << "333 a second";
}

TEST(ProvokedResets, AreCutOff) {
  const std::vector<std::pair<const char*, std::function<std::string(int)>>> attacks = {
      {"malformed", [](int i) { return headers(nth(i), {}).bytes(); }},
      {"window update of 0", [](int i) { return headers(nth(i), request()) + window_update(nth(i), 0); }},
      {"window overflow", [](int i) { return headers(nth(i), request()) + window_update(nth(i), 0x7fff'ffff); }},
      {"data after the end", [](int i) { return headers(nth(i), request()).end_stream() + data(nth(i), "x"); }},
      {"headers after the end",
       [](int i) { return headers(nth(i), request()).end_stream() + headers(nth(i), {}).end_stream(); }},
      {"priority on itself", [](int i) { return headers(nth(i), request()) + priority(nth(i), nth(i)); }},
      {"priority in headers", [](int i) { return headers(nth(i), request()).priority(nth(i)).bytes(); }},
      {"priority of a wrong size", [](int i) { return headers(nth(i), request()) + raw(2, 0, nth(i), "123"); }},
  };
  for (const auto& [name, make] : attacks) {
    Established server;
    EXPECT_EQ(feeds_until_dead(server, 10'000, make), 501) << name;
  }
}

TEST(ProvokedResets, AreForgivenWithTime) {
  Established server;
  EXPECT_EQ(feeds_until_dead(server, 5'000,
                             [&](int i) {
                               server.advance(milliseconds(100));
                               return headers(nth(i), {}).bytes();
                             }),
            5'000)
      << "ten a second";
}

// Behind a proxy many clients share a connection, and a bad one must not end it for all.
TEST(ProvokedResets, AreForgivenForTheSakeOfManyGoodStreams) {
  Established server;
  server.reaction = [&](const std::string& line) {
    if (line.starts_with("headers ")) server.head(static_cast<StreamId>(std::stoul(line.substr(8))), true);
  };
  EXPECT_EQ(feeds_until_dead(server, 100'000,
                             [](int i) { return headers(nth(i), i % 51 == 0 ? Fields{} : request()).end_stream(); }),
            100'000)
      << "every fifty-first is malformed";
}

TEST(ProvokedResets, AreNotForgivenForAFewGoodStreams) {
  Established server;
  server.reaction = [&](const std::string& line) {
    if (line.starts_with("headers ")) server.head(static_cast<StreamId>(std::stoul(line.substr(8))), true);
  };
  EXPECT_LT(feeds_until_dead(server, 100'000,
                             [](int i) { return headers(nth(i), i % 5 == 0 ? Fields{} : request()).end_stream(); }),
            5 * 600);
}

TEST(Glitches, AreCutOff) {
  const std::vector<std::pair<const char*, std::string>> attacks = {
      {"unknown", raw(0x42, 0, 0, "")},
      {"priority", priority(7, 3)},
      {"settings ack", settings_ack()},
      {"ping ack", ping(1).ack()},
  };
  for (const auto& [name, frame] : attacks) {
    Established server;
    EXPECT_EQ(feeds_until_dead(server, 10'000, [&](int) { return frame; }), 1'001) << name;
  }
}

TEST(Glitches, AreForgivenWithTime) {
  Established server;
  EXPECT_EQ(feeds_until_dead(server, 5'000,
                             [&](int) {
                               server.advance(milliseconds(10));
                               return raw(0x42, 0, 0, "").bytes();
                             }),
            5'000)
      << "a hundred a second";
}

// As browsers' stacks do: PRIORITY_UPDATE (RFC 9218) with every request.
TEST(Glitches, AFrameOfUnknownTypeForEachStreamIsFine) {
  Established server;
  server.reaction = [&](const std::string& line) {
    if (line.starts_with("headers ")) server.head(static_cast<StreamId>(std::stoul(line.substr(8))), true);
  };
  EXPECT_EQ(feeds_until_dead(
                server, 10'000,
                [](int i) { return headers(nth(i), request()).end_stream() + raw(0x10, 0, 0, std::string(4, '\0')); }),
            10'000);
}

// grpc-go's flow control measures the path with a PING after nearly every DATA frame that it gets.
TEST(Glitches, PingsAfterDataAreFine) {
  Established client(Role::client, {}, settings({{SettingId::initial_window_size, 1'000'000}}));
  client.open(false);
  EXPECT_EQ(feeds_until_dead(client, 10'000,
                             [&](int i) {
                               client.write(1, "x");
                               return ping(static_cast<std::uint64_t>(i)).bytes();
                             }),
            10'000);
}

TEST(Glitches, WindowUpdatesBeyondNeed) {
  Established server;
  EXPECT_EQ(feeds_until_dead(server, 10'000, [](int) { return window_update(0, 1).bytes(); }), 1'006);
}

TEST(Glitches, WindowUpdatesForDataThatWasSentAreFine) {
  Established server;
  server.feed(headers(1, request()));
  server.head(1);
  EXPECT_EQ(feeds_until_dead(server, 20'000,
                             [&](int) {
                               server.write(1, "x");
                               return window_update(0, 1) + window_update(1, 1);
                             }),
            20'000);
}

TEST(Glitches, LateFramesOfRejectedCallsAreFine) {
  Established server;
  server.reaction = [&](const std::string& line) {
    if (line.starts_with("headers ")) server.head(static_cast<StreamId>(std::stoul(line.substr(8))), true);
  };
  EXPECT_EQ(feeds_until_dead(server, 20'000,
                             [](int i) {
                               return headers(nth(i), request()) + data(nth(i), "ask") + data(nth(i), "").end_stream() +
                                      rst(nth(i), ErrorCode::no_error);
                             }),
            20'000);
}

TEST(Glitches, WhatFollowsARefusedStreamIsFine) {
  Options options;
  options.max_concurrent_streams = 0;
  Established server(Role::server, options);
  EXPECT_THAT(server.feed(headers(1, request()) + data(1, "x") + data(1, "y") + data(1, "z").end_stream()), IsEmpty());
  EXPECT_EQ(server.session.counters().glitches, 1u) << "the stream itself";
}

// A client that has not seen our SETTINGS may open any number of streams (RFC 9113 section 5.1.2).
TEST(Glitches, StreamsThatAreRefusedToWhoDoesNotKnowTheLimitAreFine) {
  test::Engine server;
  std::string first_flight = preface() + settings();
  for (int i = 0; i < 3'000; ++i) first_flight += headers(nth(i), request()).end_stream();
  server.feed(first_flight);
  EXPECT_EQ(server.session.active_streams(), 100u);
  EXPECT_EQ(server.session.counters().streams_reset_by_us, 2'900u);
  EXPECT_EQ(server.session.counters().glitches, 0u);
  EXPECT_FALSE(server.session.dead());
  server.feed(settings_ack() + headers(nth(3'000), request()));
  EXPECT_EQ(server.session.counters().glitches, 1u) << "now it knows";
}

TEST(SmallData, EmptyFramesInARowAreCutOff) {
  Established server;
  server.feed(headers(1, request()));
  EXPECT_EQ(feeds_until_dead(server, 10'000, [](int) { return data(1, "").bytes(); }), 101);
}

TEST(SmallData, OneByteFramesAreCutOff) {
  Established server;
  server.feed(headers(1, request()));
  server.advance(seconds(100));
  const int n = feeds_until_dead(server, 10'000, [](int) { return data(1, "x").bytes(); });
  EXPECT_LT(n, 4'000);
  EXPECT_GT(n, 3'000);
}

TEST(SmallData, PaddingAroundNothingIsCutOff) {
  Established server;
  server.feed(headers(1, request()));
  EXPECT_LE(feeds_until_dead(server, 10'000, [](int) { return data(1, "").padded(255).bytes(); }), 101);
}

// gRPC's interop suite pads each piece of a large message so.
TEST(SmallData, PaddingAroundSmallMessagesIsFine) {
  for (const std::uint8_t padding : {64, 255}) {
    Established server;
    server.feed(headers(1, request()));
    EXPECT_EQ(feeds_until_dead(server, 30'000,
                               [&](int) {
                                 server.session.consume(server.stream(1), 5);
                                 return data(1, std::string(5, '\0')).padded(padding).bytes();
                               }),
              30'000)
        << int{padding};
  }
}

TEST(SmallData, PaddingAroundAByteIsCutOff) {
  Established server;
  server.feed(headers(1, request()));
  EXPECT_LT(feeds_until_dead(server, 10'000,
                             [&](int) {
                               server.session.consume(server.stream(1), 1);
                               return data(1, "x").padded(255).bytes();
                             }),
            4'000);
}

// One large frame pays for so many empty ones and no more.
TEST(SmallData, EmptyFramesBetweenLargerOnesAreCutOff) {
  Established server;
  server.feed(headers(1, request()));
  std::string round;
  for (int i = 0; i < 100; ++i) round += data(1, "");
  round += data(1, std::string(256, 'x'));
  EXPECT_LT(feeds_until_dead(server, 10'000,
                             [&](int) {
                               server.session.consume(server.stream(1), 256);
                               return round;
                             }),
            100);
}

TEST(SmallData, SmallMessagesAreFine) {
  Established server;
  server.feed(headers(1, request()));
  EXPECT_EQ(feeds_until_dead(server, 30'000,
                             [&](int) {
                               server.session.consume(server.stream(1), 5);
                               return data(1, std::string(5, '\0')).bytes();
                             }),
            30'000)
      << "five bytes are an empty gRPC message";
}

}  // namespace
}  // namespace pintle::http2

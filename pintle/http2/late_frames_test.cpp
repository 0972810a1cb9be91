// What an honest peer sends on streams that we ended before it knew, and what goes beyond that.
#include <functional>

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

// The ways in which a stream 1 ends while its peer still sends.
struct EarlyEnd {
  const char* name;
  Role role;
  std::function<void(Established&)> end;
};

const std::vector<EarlyEnd>& early_ends() {
  static const std::vector<EarlyEnd> kWays = {
      {"answered before the request was read", Role::server,
       [](Established& e) {
         e.feed(headers(1, request()));
         e.head(1, true);
       }},
      {"reset by the server", Role::server,
       [](Established& e) {
         e.feed(headers(1, request()));
         e.session.reset(e.stream(1), ErrorCode::cancel);
       }},
      {"malformed", Role::server, [](Established& e) { e.feed(headers(1, {})); }},
      {"begun after the last GOAWAY", Role::server,
       [](Established& e) {
         e.session.close_gracefully();
         e.feed(headers(1, request()));
       }},
      {"timed out by the client", Role::client,
       [](Established& e) {
         e.open(true);
         e.feed(headers(1, response()));
         e.session.reset(e.stream(1), ErrorCode::cancel);
       }},
  };
  return kWays;
}

TEST(LateData, WithinTheWindowThatTheStreamHadIsNoFault) {
  for (const EarlyEnd& way : early_ends()) {
    Established engine(way.role);
    way.end(engine);
    engine.sent();
    engine.events();
    // 27 KB in 1 100 frames, as much again, and all that is left of the window.
    for (int i = 0; i < 2'200; ++i) EXPECT_THAT(engine.feed(data(1, std::string(25, 'm'))), IsEmpty()) << way.name;
    EXPECT_THAT(engine.feed(data(1, std::string(65'536 - 2'200 * 25 - 1, 'm')) + data(1, "!").end_stream()), IsEmpty())
        << way.name;
    EXPECT_EQ(engine.session.counters().glitches, engine.session.draining() ? 1u : 0u) << way.name;
    EXPECT_FALSE(engine.session.dead()) << way.name;
  }
}

TEST(LateData, BeyondTheWindowThatTheStreamHadIsAbuse) {
  for (const EarlyEnd& way : early_ends()) {
    Established engine(way.role);
    way.end(engine);
    int frames = 0;
    for (; frames < 10'000 && !engine.session.dead(); ++frames) engine.feed(data(1, std::string(1'024, 'm')));
    EXPECT_GE(frames, 1'064) << way.name << ": 64 were by rights, 1 000 are forgiven";
    EXPECT_LE(frames, 1'069) << way.name;
    EXPECT_THAT(engine.sent(), Contains(HasSubstr("ENHANCE_YOUR_CALM"))) << way.name;
  }
}

TEST(LateData, OfWhatHadBeenUsedAlreadyIsCounted) {
  Options options;
  options.glitch_burst = 1;
  options.glitch_rate = 1;
  Established server(Role::server, options);
  server.feed(headers(1, request()) + data(1, std::string(16'000, 'm')));
  server.head(1, true);
  for (int i = 0; i < 3; ++i) server.feed(data(1, std::string(16'000, 'm')));
  EXPECT_EQ(server.session.counters().glitches, 0u);
  server.feed(data(1, std::string(1'537, 'm')) + data(1, std::string(1'537, 'm')));
  EXPECT_EQ(server.session.counters().glitches, 1u) << "65 536 - 4 * 16 000 = 1 536; one frame is always forgiven";
}

TEST(LateData, InFramesOfAByteIsNoCheaperThanWhileTheStreamWasOpen) {
  Established server;
  server.feed(headers(1, request()));
  server.session.reset(server.stream(1), ErrorCode::cancel);
  int frames = 0;
  for (; frames < 10'000 && !server.session.dead(); ++frames) server.feed(data(1, "x"));
  EXPECT_LT(frames, 4'000);
}

TEST(LateData, EmptyFramesAreNoCheaperThanWhileTheStreamWasOpen) {
  Established server;
  server.feed(headers(1, request()));
  server.session.reset(server.stream(1), ErrorCode::cancel);
  int frames = 0;
  for (; frames < 10'000 && !server.session.dead(); ++frames) server.feed(data(1, ""));
  EXPECT_LT(frames, 110);
}

TEST(LateData, OfManyStreamsAtOnceIsNoFaultOfAny) {
  Options options;
  options.max_concurrent_streams = 500;
  Established server(Role::server, options);
  for (StreamId id = 1; id < 1'000; id += 2) server.feed(headers(id, request()));
  for (StreamId id = 1; id < 1'000; id += 2) server.head(id, true);
  for (int i = 0; i < 10; ++i) {
    for (StreamId id = 1; id < 1'000; id += 2) server.feed(data(id, "a small message"));
  }
  EXPECT_FALSE(server.session.dead());
  EXPECT_EQ(server.session.counters().glitches, 0u);
}

// It is far below the ids whose ends are remembered, but its end is recent.
TEST(LateData, OfAStreamThatLastedLongIsNoFault) {
  Established server;
  server.feed(headers(1, request()));
  for (StreamId id = 3; id < 4'003; id += 2) {
    server.feed(headers(id, request()).end_stream());
    server.head(id, true);
  }
  server.head(1, true);
  server.sent();
  server.events();
  for (int i = 0; i < 1'100; ++i) server.feed(data(1, "a small message"));
  EXPECT_THAT(server.feed(headers(1, {{"checksum", "1"}}).end_stream()), IsEmpty());
  EXPECT_THAT(server.feed(rst(1, ErrorCode::cancel)), IsEmpty());
  EXPECT_FALSE(server.session.dead());
  EXPECT_LE(server.session.counters().glitches, 1u) << "RST_STREAM behind the end";
}

TEST(LateData, AfterThePeersOwnEndIsAnError) {
  Established server;
  server.feed(headers(1, request()));
  server.head(1, true);
  server.sent();
  server.events();
  EXPECT_THAT(server.feed(data(1, "x").end_stream()), IsEmpty());
  EXPECT_THAT(server.feed(data(1, "x")), Contains(HasSubstr("connection error STREAM_CLOSED")));
}

TEST(LateData, AfterThePeersOwnResetIsAnError) {
  Established server;
  server.feed(headers(1, request()));
  server.head(1, true);
  server.feed(rst(1, ErrorCode::cancel));
  server.sent();
  server.feed(data(1, "x"));
  EXPECT_THAT(server.sent(), ElementsAre("RST_STREAM 1 STREAM_CLOSED"));
}

TEST(LateData, OfAnEndedStreamLeavesOtherCallsAlone) {
  Established server;
  server.feed(headers(1, request()) + headers(3, request()));
  server.head(1, true);
  server.sent();
  server.events();
  for (int i = 0; i < 1'100; ++i) server.feed(data(1, std::string(25, 'm')));
  EXPECT_THAT(server.feed(data(3, "still heard").end_stream()), ElementsAre("data 3 still heard end"));
  server.head(3, true);
  EXPECT_THAT(server.sent(), ElementsAre("HEADERS 3 END_HEADERS END_STREAM :status=200"));
}

TEST(LateHeaders, AreForgivenAFewTimesForEachStream) {
  Established client(Role::client);
  for (int i = 0; i < 5'000; ++i) {
    const StreamId id = client.open(true)->id();
    client.session.reset(client.stream(id), ErrorCode::cancel);
    client.feed(headers(id, response("103")) + headers(id, response()) + headers(id, {{"a", "b"}}).end_stream());
    client.sent();
  }
  EXPECT_FALSE(client.session.dead());
  EXPECT_EQ(client.session.counters().glitches, 0u);
}

TEST(LateReset, OfOneStreamAgainAndAgainIsCutOff) {
  for (const StreamId id : {4'001u, 1u}) {  // one that is remembered, one that is forgotten
    Established server;
    for (StreamId each = 1; each < 4'003; each += 2) {
      server.feed(headers(each, request()).end_stream());
      server.head(each, true);
    }
    int frames = 0;
    for (; frames < 3'000 && !server.session.dead(); ++frames) server.feed(rst(id, ErrorCode::cancel));
    EXPECT_LE(frames, 1'002) << id;
  }
}

}  // namespace
}  // namespace pintle::http2

// CONTINUATION (RFC 9113 section 6.10) and the limits of a header block (CVE-2024-28182 and its family).
#include <gmock/gmock.h>

#include <pintle/http2/test_support/engine.hpp>

namespace pintle::http2 {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using test::Established;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const std::string kBlock = block(request());

Frame start(std::uint32_t id = 1) { return headers_raw(id, kBlock.substr(0, 10)).no_end_headers(); }

TEST(Continuation, CompletesABlock) {
  Established server;
  EXPECT_THAT(server.feed(start().end_stream() + continuation(1, kBlock.substr(10, 20)).no_end_headers() +
                          continuation(1, kBlock.substr(30))),
              ElementsAre("headers 1 :method=POST :scheme=http :path=/s/m :authority=test end"));
}

TEST(Continuation, MayBeEmpty) {
  Established server;
  EXPECT_THAT(server.feed(start() + continuation(1, "").no_end_headers() + continuation(1, kBlock.substr(10))),
              ElementsAre(StartsWith("headers 1 ")));
}

TEST(Continuation, MustNotBeInterrupted) {
  const std::vector<Frame> intruders = {ping(1),
                                        data(1, "x"),
                                        headers(3, request()),
                                        raw(0x42, 0, 0, ""),
                                        window_update(0, 1),
                                        continuation(3, kBlock.substr(10))};
  for (const Frame& intruder : intruders) {
    Established server;
    EXPECT_THAT(server.feed(start() + intruder),
                ElementsAre("connection error PROTOCOL_ERROR by library: header block interrupted"));
  }
}

TEST(Continuation, MustFollowAnOpenBlock) {
  Established server;
  EXPECT_THAT(server.feed(continuation(1, "")), ElementsAre(HasSubstr("CONTINUATION without HEADERS")));
  Established after_the_end;
  EXPECT_THAT(after_the_end.feed(headers(1, request()) + continuation(1, "")),
              ElementsAre(StartsWith("headers 1"), "reset 1 PROTOCOL_ERROR by library", "closed 1",
                          HasSubstr("CONTINUATION without HEADERS")));
}

TEST(Continuation, AreCounted) {
  std::string eight = start();
  for (int i = 0; i < 7; ++i) eight += continuation(1, "").no_end_headers();
  Established enough;
  EXPECT_THAT(enough.feed(eight + continuation(1, kBlock.substr(10))), ElementsAre(StartsWith("headers 1 ")));
  Established too_many;
  EXPECT_THAT(too_many.feed(eight + continuation(1, "").no_end_headers() + continuation(1, kBlock.substr(10))),
              ElementsAre("connection error ENHANCE_YOUR_CALM by library: too many CONTINUATION frames"));
}

TEST(Continuation, BytesAreLimited) {
  Established server;
  EXPECT_THAT(server.feed(headers_raw(1, std::string(16'384, 'x')).no_end_headers() +
                          continuation(1, std::string(16'384, 'x')).no_end_headers()),
              IsEmpty());
  EXPECT_THAT(server.feed(continuation(1, "x").no_end_headers()),
              ElementsAre("connection error ENHANCE_YOUR_CALM by library: header block too long"));
}

TEST(Continuation, MustComeInTime) {
  Established server;
  server.feed(start());
  EXPECT_THAT(server.wait(std::chrono::seconds(9)), IsEmpty());
  server.feed(continuation(1, "").no_end_headers());
  EXPECT_THAT(server.wait(std::chrono::seconds(1)), ElementsAre(HasSubstr("ENHANCE_YOUR_CALM")));
}

TEST(Continuation, TheTimerEndsWithTheBlock) {
  Established server;
  server.feed(start() + continuation(1, kBlock.substr(10)));
  EXPECT_EQ(server.session.next_timer(), std::nullopt);
}

TEST(Continuation, AFrameThatTricklesInIsCutOff) {
  Established server;
  const std::string bytes = headers(1, request());
  for (std::size_t i = 0; i < 5; ++i) {
    server.feed(bytes.substr(i * 4, 4));
    server.wait(std::chrono::seconds(2));
  }
  EXPECT_TRUE(server.session.dead());
}

TEST(Continuation, AFrameInTwoPiecesLeavesNoTimerBehind) {
  Established server;
  const std::string bytes = headers(1, request());
  server.feed(bytes.substr(0, 20));
  EXPECT_NE(server.session.next_timer(), std::nullopt);
  server.feed(bytes.substr(20));
  EXPECT_EQ(server.session.next_timer(), std::nullopt);
}

TEST(Continuation, ALongBlockOfOursIsSplit) {
  Established server;
  server.feed(headers(1, request()));
  const std::string value(40'000, '~');
  server.head(1, true, response("200", {{"x", value}}));
  const auto lines = server.sent();
  EXPECT_EQ(lines.at(0), "HEADERS 1 END_STREAM");
  EXPECT_EQ(lines.back().substr(0, 40), "RST_STREAM 1 NO_ERROR");
  EXPECT_EQ(lines.at(lines.size() - 2), "CONTINUATION 1 END_HEADERS :status=200 x=" + value);
}

}  // namespace
}  // namespace pintle::http2

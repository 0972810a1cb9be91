// HEADERS frames, and what makes a request or trailers well-formed on a server (RFC 9113 sections 6.2 and 8).
#include <gmock/gmock.h>

#include <pintle/http2/test_support/engine.hpp>
#include <pintle/testing/wire/heads.hpp>

namespace pintle::http2 {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using test::Established;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

const Fields kRequest = request();

Fields with(const Fields& more) { return request("/s/m", more); }

TEST(Headers, PaddingAndPriorityAreTakenOff) {
  Established server;
  EXPECT_THAT(server.feed(headers(1, kRequest).priority(3).padded(10).end_stream()),
              ElementsAre("headers 1 :method=POST :scheme=http :path=/s/m :authority=test end"));
}

TEST(Headers, PaddingAsLongAsTheRestIsAllowed) {
  Established server;
  EXPECT_THAT(server.feed(headers_raw(1, "").padded(4)), IsEmpty()) << "an empty block: malformed, but HPACK";
  EXPECT_THAT(server.sent(), ElementsAre("RST_STREAM 1 PROTOCOL_ERROR"));
}

TEST(Headers, MorePaddingThanFrameEndsTheConnection) {
  Established server;
  EXPECT_THAT(server.feed(raw(1, kEndHeaders | kPadded, 1,
                              "\x05"
                              "abcd")),
              ElementsAre(HasSubstr("PROTOCOL_ERROR")));
}

TEST(Headers, TooShortForItsFlagsEndsTheConnection) {
  Established padded;
  EXPECT_THAT(padded.feed(raw(1, kEndHeaders | kPadded, 1, "")), ElementsAre(HasSubstr("FRAME_SIZE_ERROR")));
  Established prioritised;
  EXPECT_THAT(prioritised.feed(raw(1, kEndHeaders | kPriority, 1, "1234")), ElementsAre(HasSubstr("FRAME_SIZE_ERROR")));
}

TEST(Data, PaddedWithoutRoomForItsPaddingEndsTheConnection) {
  Established empty;
  empty.feed(headers(1, request()));
  EXPECT_THAT(empty.feed(raw(0, kPadded, 1, "")), Contains(HasSubstr("connection error FRAME_SIZE_ERROR")))
      << "at once, not with the next frame's first byte";
  Established all_padding;
  EXPECT_THAT(all_padding.feed(headers(1, request()) + raw(0, kPadded, 1, std::string("\x03\0\0\0", 4))),
              ElementsAre(StartsWith("headers 1")));
  EXPECT_THAT(all_padding.feed(raw(0, kPadded, 1, std::string("\x04\0\0\0", 4))),
              Contains(HasSubstr("connection error PROTOCOL_ERROR")));
}

TEST(Headers, OnStreamZeroOrAnEvenIdEndTheConnection) {
  for (const std::uint32_t id : {0u, 2u}) {
    Established server;
    EXPECT_THAT(server.feed(headers(id, kRequest)), ElementsAre(HasSubstr("connection error PROTOCOL_ERROR")));
  }
}

TEST(Headers, ALowerIdEndsTheConnection) {
  Established server;
  server.feed(headers(5, kRequest));
  EXPECT_THAT(server.feed(headers(3, kRequest)), Contains(HasSubstr("connection error PROTOCOL_ERROR")));
}

TEST(Headers, IdsMayBeSkipped) {
  Established server;
  EXPECT_THAT(server.feed(headers(1, kRequest) + headers(2'000'001, kRequest)),
              ElementsAre(StartsWith("headers 1 "), StartsWith("headers 2000001 ")));
}

TEST(Headers, OfABlockThatIsNotHpackEndTheConnection) {
  Established server;
  EXPECT_THAT(server.feed(headers_raw(1, "\xff\xff\xff\xff\xff\xff")),
              ElementsAre(HasSubstr("connection error COMPRESSION_ERROR")));
}

TEST(Headers, AFieldMeansTheSameWhenItIsRepeatedByIndex) {
  Established server;
  // Literals with indexing, then all of them by index: the latest entry has index 62.
  std::string first = block(kRequest);
  std::string indexed;
  for (std::size_t i = 0; i < first.size();) {
    const auto name = static_cast<unsigned char>(first[i + 1]);
    const auto value = static_cast<unsigned char>(first[i + 2 + name]);
    indexed += '\x40' + first.substr(i + 1, 2 + name + value);
    i += 3 + name + value;
  }
  EXPECT_THAT(server.feed(headers_raw(1, indexed) + headers_raw(3, "\xc1\xc0\xbf\xbe")),
              ElementsAre("headers 1 :method=POST :scheme=http :path=/s/m :authority=test",
                          "headers 3 :method=POST :scheme=http :path=/s/m :authority=test"));
}

TEST(Request, IsTakenWhenItIsWellFormed) {
  for (const Head& head : good_requests()) {
    Established server;
    EXPECT_THAT(server.feed(headers(1, head.fields).end_stream()), ElementsAre(StartsWith("headers 1 "))) << head.name;
  }
}

TEST(Request, IsResetAndNeverSeenWhenItIsMalformed) {
  for (const Head& head : bad_requests()) {
    Established server;
    EXPECT_THAT(server.feed(headers(1, head.fields)), IsEmpty()) << head.name;
    EXPECT_THAT(server.sent(), ElementsAre("RST_STREAM 1 PROTOCOL_ERROR")) << head.name;
    EXPECT_THAT(server.feed(headers(3, kRequest)), ElementsAre(StartsWith("headers 3 "))) << "the connection lives";
  }
}

TEST(Request, ThatEndsBeforeTheLengthItNamesIsMalformed) {
  Established server;
  EXPECT_THAT(server.feed(headers(1, with({{"content-length", "1"}})).end_stream()), IsEmpty());
  EXPECT_THAT(server.sent(), ElementsAre("RST_STREAM 1 PROTOCOL_ERROR"));
}

TEST(Request, AMalformedOneStillFeedsTheTable) {
  Established server;
  server.feed(headers_raw(1, std::string("\x40\x01") + "a\x01" + "b"));
  EXPECT_THAT(server.feed(headers_raw(3, block(kRequest) + "\xbe")),
              ElementsAre("headers 3 :method=POST :scheme=http :path=/s/m :authority=test a=b"));
}

TEST(Request, WithTooLargeAHeadIsAnnouncedAsSuch) {
  Options options;
  options.max_header_list = 1'000;
  Established server(Role::server, options);
  EXPECT_THAT(server.feed(headers(1, with({{"x", std::string(1'000, 'y')}})).end_stream()),
              ElementsAre("headers too large 1 end"));
  server.head(1, true, {{":status", "431"}});
  EXPECT_THAT(server.sent(), ElementsAre("HEADERS 1 END_HEADERS END_STREAM :status=431"));
  server.events();
  EXPECT_THAT(server.feed(headers(3, kRequest)), ElementsAre(StartsWith("headers 3 ")));
}

TEST(Request, WithTooManyFieldsIsAnnouncedAsSuch) {
  Options options;
  options.max_header_fields = 5;
  Established server(Role::server, options);
  EXPECT_THAT(server.feed(headers(1, with({{"a", "b"}}))), ElementsAre(StartsWith("headers 1 ")));
  EXPECT_THAT(server.feed(headers(3, with({{"a", "b"}, {"c", "d"}}))), ElementsAre("headers too large 3"));
}

TEST(Trailers, EndTheRequest) {
  Established server;
  EXPECT_THAT(server.feed(headers(1, kRequest) + data(1, "x") + headers(1, {{"checksum", "1"}}).end_stream()),
              ElementsAre(StartsWith("headers 1"), "data 1 x", "trailers 1 checksum=1"));
  EXPECT_TRUE(server.session.peer_ended(server.stream(1)));
}

TEST(Trailers, ThatAreMalformedResetTheStream) {
  const std::vector<Frame> bad = {
      headers(1, {{"x", "y"}}),  // without END_STREAM
      headers(1, {{":path", "/"}}).end_stream(),
      headers(1, {{"connection", "close"}}).end_stream(),
      headers(1, {{"X", "y"}}).end_stream(),
  };
  for (const Frame& frame : bad) {
    Established server;
    server.feed(headers(1, kRequest));
    EXPECT_THAT(server.feed(frame), ElementsAre("reset 1 PROTOCOL_ERROR by library", "closed 1"));
    EXPECT_THAT(server.sent(), ElementsAre("RST_STREAM 1 PROTOCOL_ERROR"));
  }
}

TEST(Trailers, ThatAreTooLargeResetTheStream) {
  Options options;
  options.max_header_fields = 5;
  Established server(Role::server, options);
  server.feed(headers(1, kRequest));
  EXPECT_THAT(server.feed(headers(1, Fields(6, {"a", "b"})).end_stream()),
              ElementsAre("reset 1 ENHANCE_YOUR_CALM by library", "closed 1"));
}

TEST(ContentLength, MustAgreeWithTheData) {
  const Fields five = with({{"content-length", "5"}});
  Established right;
  EXPECT_THAT(right.feed(headers(1, five) + data(1, "123") + data(1, "45").end_stream()),
              ElementsAre(StartsWith("headers 1"), "data 1 123", "data 1 45 end"));
  Established twice_the_same;
  EXPECT_THAT(twice_the_same.feed(headers(1, with({{"content-length", "1"}, {"content-length", "1"}}))),
              ElementsAre(StartsWith("headers 1")));
  Established more;
  EXPECT_THAT(more.feed(headers(1, five) + data(1, "123456")),
              ElementsAre(StartsWith("headers 1"), "reset 1 PROTOCOL_ERROR by library", "closed 1"));
  Established less;
  EXPECT_THAT(less.feed(headers(1, five) + data(1, "1234").end_stream()),
              ElementsAre(StartsWith("headers 1"), "reset 1 PROTOCOL_ERROR by library", "closed 1"));
  Established less_with_trailers;
  EXPECT_THAT(less_with_trailers.feed(headers(1, five) + data(1, "1234") + headers(1, {{"a", "b"}}).end_stream()),
              Contains("reset 1 PROTOCOL_ERROR by library"));
}

}  // namespace
}  // namespace pintle::http2

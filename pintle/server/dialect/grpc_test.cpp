// The wire rules of grpc/doc/PROTOCOL-HTTP2.md, seen from a client that is a string of frames.
#include <gmock/gmock.h>

#include <pintle/server/test_support/frame_client.hpp>

namespace pintle::server::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using wire::data;
using wire::headers;

class Dialect : public ::testing::Test, public ServerTest {
 protected:
  Dialect() {
    service.add("/s/echo", echo);
    service.add("/s/count", [this](Call&) -> Task<Status> {
      ++runs;
      co_return Status();
    });
    start();
  }
  // The answer to a request that ends with its head.
  Lines ask(const wire::Fields& fields) {
    const std::uint32_t id = next_id_;
    next_id_ += 2;
    return client().send(headers(id, fields).end_stream());
  }
  void expect_served(const wire::Fields& fields) {
    const int before = runs;
    EXPECT_THAT(ask(fields), ElementsAre(HasSubstr("grpc-status=0")));
    EXPECT_EQ(runs, before + 1);
  }
  int runs = 0;

 private:
  std::uint32_t next_id_ = 1;
};

TEST_F(Dialect, HeadMessageAndTrailersComeInThisOrder) {
  EXPECT_THAT(
      client().send(headers(1, grpc("/s/echo")) + data(1, message("hello")).end_stream()),
      ElementsAre("HEADERS 1 END_HEADERS :status=200 content-type=application/grpc",
                  "DATA 1 \"\\x00\\x00\\x00\\x00\\x05hello\"", "HEADERS 1 END_HEADERS END_STREAM grpc-status=0"));
}

TEST_F(Dialect, AMessageMayArriveByteByByte) {
  client().send(headers(1, grpc("/s/echo")));
  const std::string bytes = message("ab");
  for (char byte : bytes) EXPECT_THAT(client().send(data(1, std::string(1, byte))), IsEmpty());
  EXPECT_THAT(
      client().send(data(1, "").end_stream()),
      ElementsAre(HasSubstr(":status=200"), "DATA 1 \"\\x00\\x00\\x00\\x00\\x02ab\"", HasSubstr("grpc-status=0")));
}

TEST_F(Dialect, AnAnswerWithoutMessagesIsOneBlock) {
  EXPECT_THAT(ask(grpc("/s/count")),
              ElementsAre("HEADERS 1 END_HEADERS END_STREAM :status=200 content-type=application/grpc grpc-status=0"));
}

TEST_F(Dialect, WhatIsNotGrpcGets415) {
  const Lines refused = {"HEADERS 1 END_HEADERS END_STREAM :status=415"};
  EXPECT_EQ(ask(wire::request("/s/count")), refused);
  for (const char* type : {"application/json", "text/plain", "application/grpc-web", "application/grpcx", ""})
    EXPECT_THAT(ask(wire::request("/s/count", {{"content-type", type}})), ElementsAre(HasSubstr(":status=415")))
        << type;
  EXPECT_EQ(runs, 0);
}

TEST_F(Dialect, OtherMethodsThanPostGet405) {
  wire::Fields get = grpc("/s/count");
  get[0].second = "GET";
  EXPECT_THAT(ask(get), ElementsAre("HEADERS 1 END_HEADERS END_STREAM :status=405"));
  get.erase(get.begin() + 4);  // without a content-type it still is the method that is wrong
  EXPECT_THAT(ask(get), ElementsAre(HasSubstr(":status=405")));
  EXPECT_EQ(runs, 0);
}

TEST_F(Dialect, ContentTypesOfGrpcAreServedAndTheSuffixIsKept) {
  expect_served(grpc("/s/count"));
  expect_served(wire::request("/s/count", {{"content-type", "application/grpc; charset=utf-8"}}));
  EXPECT_THAT(ask(wire::request("/s/count", {{"content-type", "application/grpc+proto"}})),
              ElementsAre(HasSubstr("content-type=application/grpc+proto grpc-status=0")));
  EXPECT_THAT(ask(wire::request("/s/count", {{"content-type", "application/grpc+thrift"}})),
              ElementsAre(AllOf(HasSubstr(":status=200"), HasSubstr("grpc-status=12"))));
}

TEST_F(Dialect, TeIsNotDemandedButNothingElseThanTrailersIsTaken) {
  expect_served(wire::request("/s/count", {{"content-type", "application/grpc"}}));
  EXPECT_THAT(ask(wire::request("/s/count", {{"content-type", "application/grpc"}, {"te", "gzip"}})),
              ElementsAre("RST_STREAM 3 PROTOCOL_ERROR"));
}

TEST_F(Dialect, UnknownPathsAreUnimplementedInWhateverForm) {
  for (const char* path : {"/s/missing", "/x/echo", "s/count", "//", "/", "/s/count/", "/s", "/S/count", "/s/count?x",
                           "http://h/s/count", "*"}) {
    EXPECT_THAT(ask(grpc(path)), ElementsAre(AllOf(HasSubstr(":status=200"), HasSubstr("grpc-status=12"),
                                                   HasSubstr("grpc-message=unknown method "))))
        << path;
  }
  EXPECT_EQ(runs, 0);
  expect_served(grpc("/s/count"));
}

TEST_F(Dialect, MalformedTimeoutsAreRefused) {
  for (const char* timeout : {"", "S", "1", "123456789S", "1s", "-1S", "1 S", "1S1S", "1.5S"})
    EXPECT_THAT(ask(grpc("/s/count", {{"grpc-timeout", timeout}})),
                ElementsAre(AllOf(HasSubstr("grpc-status=13"), HasSubstr("grpc-timeout"))))
        << timeout;
  EXPECT_EQ(runs, 0);
  for (const char* timeout : {"99999999H", "1M", "1S", "100m", "100u", "100n"})
    expect_served(grpc("/s/count", {{"grpc-timeout", timeout}}));
}

TEST_F(Dialect, ATimeoutThatHasExpiredOnArrivalIsAnsweredAtOnce) {
  EXPECT_THAT(ask(grpc("/s/count", {{"grpc-timeout", "0n"}})), ElementsAre(HasSubstr("grpc-status=4")));
  EXPECT_EQ(runs, 0);
}

TEST_F(Dialect, AnEncodingThatWeLackIsNamedTogetherWithThoseThatWeTake) {
  for (const char* encoding : {"br", "GZIP", "gzip,gzip", ""})
    EXPECT_THAT(
        ask(grpc("/s/count", {{"grpc-encoding", encoding}})),
        ElementsAre(AllOf(HasSubstr("grpc-status=12"), HasSubstr(std::string("grpc-message=grpc-encoding ") + encoding),
                          HasSubstr(" grpc-accept-encoding=identity,gzip,deflate,zstd "))));
  EXPECT_EQ(runs, 0);
  expect_served(grpc("/s/count", {{"grpc-encoding", "identity"}, {"grpc-accept-encoding", "gzip,identity"}}));
}

TEST_F(Dialect, AMessageMarkedAsCompressedWithoutAnEncodingIsInternal) {
  std::string compressed = message("x");
  compressed[0] = 1;
  EXPECT_THAT(client().send(headers(1, grpc("/s/echo")) + data(1, compressed).end_stream()),
              ElementsAre(HasSubstr("grpc-status=13")));
}

TEST_F(Dialect, ABodyThatEndsInsideAMessageIsInternal) {
  EXPECT_THAT(client().send(headers(1, grpc("/s/echo")) + data(1, message("hello").substr(0, 7)).end_stream()),
              ElementsAre(HasSubstr("grpc-status=13")));
}

TEST_F(Dialect, BadBase64FailsItsOwnCallOnly) {
  EXPECT_THAT(ask(grpc("/s/count", {{"trace-bin", "AA*A"}})),
              ElementsAre(AllOf(HasSubstr("grpc-status=13"), HasSubstr("trace-bin"))));
  EXPECT_EQ(runs, 0);
  expect_served(grpc("/s/count", {{"trace-bin", "AAA"}}));
}

TEST_F(Dialect, AValueThatGrpcDoesNotAllowIsNoError) {
  expect_served(grpc("/s/count", {{"x-odd", "caf\xc3\xa9"}, {"x!odd", "v"}}));
}

TEST_F(Dialect, EarlyErrorsEndAStreamWhoseClientStillSends) {
  EXPECT_THAT(client().send(headers(1, grpc("/s/missing"))),
              ElementsAre(AllOf(HasSubstr("END_STREAM"), HasSubstr("grpc-status=12")), "RST_STREAM 1 NO_ERROR"));
  EXPECT_THAT(client().send(headers(3, wire::request("/s/count"))),
              ElementsAre(HasSubstr(":status=415"), "RST_STREAM 3 NO_ERROR"));
  // What was under way on the stream is dropped, and the connection lives.
  EXPECT_THAT(client().send(data(1, message("late")).end_stream()), IsEmpty());
  EXPECT_THAT(client().send(headers(5, grpc("/s/count")).end_stream()), ElementsAre(HasSubstr("grpc-status=0")));
}

// What a handler gives, as it looks on the wire.
class Answer : public ::testing::Test, public ServerTest {
 protected:
  template <class F>
  Lines answer(F handler) {
    service.add("/s/m", std::move(handler));
    return start().send(headers(1, grpc("/s/m")).end_stream());
  }
};

TEST_F(Answer, MetadataTravelInHeadAndTrailers) {
  EXPECT_THAT(answer([](Call& call) -> Task<Status> {
                call.response_head.add("x-head", "1").add("raw-bin", std::string_view("\0\xff", 2));
                call.response_trailers.add("x-trailer", "2").add("x-trailer", "3");
                const Message empty(std::span<const std::byte>(), nullptr, nullptr);
                co_return co_await call.write(empty);
              }),
              ElementsAre(AllOf(HasSubstr(" x-head=1"), HasSubstr(" raw-bin=AP8"), Not(HasSubstr("AP8="))),
                          HasSubstr("DATA"), "HEADERS 1 END_HEADERS END_STREAM grpc-status=0 x-trailer=2 x-trailer=3"));
}

TEST_F(Answer, TrailersOfAnAnswerWithoutMessagesTravelInItsOnlyBlock) {
  EXPECT_THAT(answer([](Call& call) -> Task<Status> {
                call.response_trailers.add("x-trailer", "2");
                co_return Status(Code::aborted, "no");
              }),
              ElementsAre("HEADERS 1 END_HEADERS END_STREAM :status=200 content-type=application/grpc grpc-status=10 "
                          "grpc-message=no x-trailer=2"));
}

TEST_F(Answer, MetadataOfTheHeadTravelInAHeadWhereNoMessageDoes) {
  EXPECT_THAT(answer([](Call& call) -> Task<Status> {
                call.response_head.add("x-head", "1");
                call.response_trailers.add("x-trailer", "2");
                co_return Status(Code::aborted, "no");
              }),
              ElementsAre("HEADERS 1 END_HEADERS :status=200 content-type=application/grpc x-head=1",
                          "HEADERS 1 END_HEADERS END_STREAM grpc-status=10 grpc-message=no x-trailer=2"));
}

TEST_F(Answer, TheHeadMayGoAheadOfTheFirstMessage) {
  service.add("/s/m", [](Call& call) -> Task<Status> {
    call.response_head.add("x-head", "1");
    call.send_head();
    co_return co_await echo(call);
  });
  start();
  EXPECT_THAT(client().send(headers(1, grpc("/s/m"))),
              ElementsAre(AllOf(HasSubstr("x-head=1"), Not(HasSubstr("END_STREAM")))));
  EXPECT_THAT(client().send(data(1, message("a")).end_stream()),
              ElementsAre(HasSubstr("DATA"), HasSubstr("grpc-status=0")));
}

TEST_F(Answer, TheMessageIsPercentCoded) {
  EXPECT_THAT(answer([](Call&) -> Task<Status> { co_return Status(Code::not_found, "caf\xc3\xa9 100%\n"); }),
              ElementsAre(HasSubstr("grpc-status=5 grpc-message=caf%C3%A9 100%25%0A")));
}

TEST_F(Answer, ALongMessageIsCutBetweenCharactersAndStaysWithinAHeaderList) {
  std::string text;
  for (int i = 0; i < 4000; ++i) text += "\xe2\x82\xac";
  const Lines lines = answer([text](Call&) -> Task<Status> { co_return Status(Code::not_found, text); });
  ASSERT_EQ(lines.size(), 1u);
  const std::string coded = lines[0].substr(lines[0].find("grpc-message=") + 13);
  EXPECT_LT(coded.size(), 7000u);
  EXPECT_GE(coded.size(), 1000u);
  EXPECT_EQ(coded.size() % 9, 0u) << "a character was cut in two";
}

TEST_F(Answer, DetailsTravelAsUnpaddedBase64) {
  EXPECT_THAT(
      answer([](Call&) -> Task<Status> { co_return Status(Code::not_found, "x").with_details("\x08\x05\x01\x02"); }),
      ElementsAre(HasSubstr("grpc-message=x grpc-status-details-bin=CAUBAg")));
}

TEST_F(Answer, MessageAndDetailsTogetherStayWithinThePeersHeaderList) {
  const Lines lines = answer([](Call&) -> Task<Status> {
    co_return Status(Code::not_found, std::string(5000, 'm')).with_details(std::string(6000, 'd'));
  });
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr("grpc-status=5"));
  EXPECT_LE(lines[0].size() + 5 * 32, 8192u);
}

TEST_F(Answer, ATrailerThatGrpcDoesNotAllowIsLeftOut) {
  EXPECT_THAT(answer([](Call& call) -> Task<Status> {
                call.response_trailers.add("x-bad", "line\nbreak").add("grpc-status", "7").add("x-good", "1");
                co_return Status();
              }),
              ElementsAre(AllOf(HasSubstr("grpc-status=0 x-good=1"), Not(HasSubstr("bad")))));
}

// gRFC A6: the one reserved key that a server's layers may set, and the one that they may read.
TEST_F(Answer, WhatRetriesTellEachOtherPasses) {
  service.add("/s/m", [](Call& call) -> Task<Status> {
    call.response_trailers.add("grpc-retry-pushback-ms",
                               call.request_metadata.get("grpc-previous-rpc-attempts").value());
    co_return Status(Code::unavailable, "");
  });
  start();
  EXPECT_THAT(client().send(headers(1, grpc("/s/m", {{"grpc-previous-rpc-attempts", "2"}})).end_stream()),
              ElementsAre(HasSubstr("grpc-status=14 grpc-retry-pushback-ms=2")));
}

TEST_F(Answer, FieldsThatHttp2ForbidsAreLeftOut) {
  EXPECT_THAT(answer([](Call& call) -> Task<Status> {
                for (const char* key : {"connection", "host", "content-length", "te", "transfer-encoding", "upgrade",
                                        "keep-alive", "proxy-connection"}) {
                  call.response_head.add(key, "1");
                  call.response_trailers.add(key, "1");
                }
                co_return Status();
              }),
              ElementsAre("HEADERS 1 END_HEADERS :status=200 content-type=application/grpc",
                          "HEADERS 1 END_HEADERS END_STREAM grpc-status=0"));
}

TEST_F(Answer, AStatusBeforeTheClientHasEndedIsFollowedByResetNoError) {
  service.add("/s/m", [](Call& call) -> Task<Status> {
    const Message empty(std::span<const std::byte>(), nullptr, nullptr);
    (void)co_await call.write(empty);
    co_return Status(Code::resource_exhausted, "enough");
  });
  start();
  EXPECT_THAT(
      client().send(headers(1, grpc("/s/m"))),
      ElementsAre(HasSubstr(":status=200"), HasSubstr("DATA"),
                  "HEADERS 1 END_HEADERS END_STREAM grpc-status=8 grpc-message=enough", "RST_STREAM 1 NO_ERROR"));
}

}  // namespace
}  // namespace pintle::server::test

// Nothing that the engine takes may be assumed above it: every head that it calls good, and every bad one, against a
// whole server, and a call behind each that must be served.
#include <pintle/testing/wire/heads.hpp>

#include <gmock/gmock.h>

#include <pintle/server/test_support/frame_client.hpp>

namespace pintle::server::test {
namespace {

using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using wire::headers;

class Heads : public ::testing::Test, public ServerTest {
 protected:
  Heads() {
    service.add("/s/m", echo);
    start();
  }
  ~Heads() override { stop(); }
  // The connection lives, and so does the server.
  void expect_service(const wire::Fields& behind) {
    EXPECT_THAT(client().send(headers(next_, grpc("/s/m")) + wire::data(next_, message("x")).end_stream()),
                Contains(HasSubstr("grpc-status=0")))
        << wire::block(behind);
    next_ += 2;
  }
  Lines play(const wire::Fields& head) {
    Lines lines = client().send(headers(next_, head).end_stream());
    next_ += 2;
    return lines;
  }
  std::uint32_t next_ = 1;
};

TEST_F(Heads, ConnectIsAnsweredWith405) {
  EXPECT_THAT(play({{":method", "CONNECT"}, {":authority", "x:80"}}),
              ElementsAre("HEADERS 1 END_HEADERS END_STREAM :status=405"));
  expect_service({});
}

TEST_F(Heads, ATunnelThatStaysOpenIsToldThatNobodyReadsIt) {
  EXPECT_THAT(client().send(headers(1, {{":method", "CONNECT"}, {":authority", "x:80"}})),
              ElementsAre("HEADERS 1 END_HEADERS END_STREAM :status=405", "RST_STREAM 1 NO_ERROR"));
  next_ = 3;
  expect_service({});
}

TEST_F(Heads, ThatAreWellFormedAreAnsweredOnce) {
  for (const wire::Head& head : wire::good_requests()) {
    const Lines lines = play(head.fields);
    ASSERT_FALSE(lines.empty()) << head.name;
    EXPECT_THAT(lines.back(), ContainsRegex("^HEADERS .*END_STREAM .*(grpc-status=|:status=4)")) << head.name;
    expect_service(head.fields);
  }
}

TEST_F(Heads, ThatAreMalformedAreResetAndNothingElseHappens) {
  for (const wire::Head& head : wire::bad_requests()) {
    const std::string number = std::to_string(next_);
    EXPECT_THAT(play(head.fields), ElementsAre("RST_STREAM " + number + " PROTOCOL_ERROR")) << head.name;
    expect_service(head.fields);
  }
}

TEST_F(Heads, ThatAreGoodMayBeFollowedByAnyTrailers) {
  for (const wire::Fields& trailers : {wire::Fields{}, wire::Fields{{"grpc-status", "0"}}, wire::Fields{{"x", ""}}}) {
    EXPECT_THAT(client().send(headers(next_, grpc("/s/m")) + wire::data(next_, message("x")) +
                              headers(next_, trailers).end_stream()),
                Contains(HasSubstr("grpc-status=0")));
    next_ += 2;
    expect_service(trailers);
  }
}

// A fallback is a proxy's or a tool's: it must not see what has no path.
TEST(HeadsWithAFallback, ConnectDoesNotReachIt) {
  ServerTest test;
  test.service.add("/s/m", echo);
  bool reached = false;
  auto note = [&](Call&) -> Task<Status> {
    reached = true;
    co_return Status();
  };
  test.server.set_fallback(std::make_unique<FunctionHandler<decltype(note)>>(note));
  EXPECT_THAT(test.start().send(headers(1, {{":method", "CONNECT"}, {":authority", "x:80"}}).end_stream()),
              ElementsAre("HEADERS 1 END_HEADERS END_STREAM :status=405"));
  EXPECT_FALSE(reached);
}

}  // namespace
}  // namespace pintle::server::test

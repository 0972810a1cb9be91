// The graceful end, step by step.
#include <gmock/gmock.h>

#include <pintle/async/event.hpp>
#include <pintle/server/test_support/frame_client.hpp>

namespace pintle::server::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using wire::headers;

using std::chrono::seconds;

class Drain : public ::testing::Test, public ServerTest {
 protected:
  Drain() {
    service.add("/s/wait", [this](Call& call) -> Task<Status> {
      ++started;
      Status waited = co_await door.wait();
      ended.push_back(waited);
      notice = for_layers(call).draining->status();
      co_return waited;
    });
    start();
  }
  ~Drain() override { stop(); }
  void drain(Duration grace) {
    server.drain(grace, [this] { ++done; });
    loop.run_until_idle();
  }
  static std::string tag(const Lines& lines) {
    for (const std::string& line : lines)
      if (line.starts_with("PING ")) return line.substr(5);
    return "";
  }
  // Answers the PING of the first notice.
  Lines acknowledge(FrameClient& from, const Lines& notice_lines) {
    return from.send(wire::ping(std::stoull(tag(notice_lines))).ack());
  }

  Event door;
  int started = 0, done = 0;
  std::vector<Status> ended;
  Status notice;
};

TEST_F(Drain, AConnectionIsToldTwiceAndItsCallsFinish) {
  client().send(headers(1, grpc("/s/wait")).end_stream());
  drain(seconds(5));
  const Lines first = client().received();
  EXPECT_THAT(first, ElementsAre("GOAWAY 2147483647 NO_ERROR", StartsWith("PING ")));
  // A call that was on its way when the notice came is still served.
  EXPECT_THAT(client().send(headers(3, grpc("/s/wait")).end_stream()), IsEmpty());
  EXPECT_EQ(started, 2);
  EXPECT_THAT(acknowledge(client(), first), ElementsAre("GOAWAY 3 NO_ERROR"));
  // One that comes later is not.
  EXPECT_THAT(client().send(headers(5, grpc("/s/wait")).end_stream()), IsEmpty());
  EXPECT_EQ(started, 2);
  EXPECT_EQ(done, 0);

  door.set();
  EXPECT_THAT(client().received(), ElementsAre(AllOf(HasSubstr("HEADERS 1"), HasSubstr("grpc-status=0")),
                                               AllOf(HasSubstr("HEADERS 3"), HasSubstr("grpc-status=0")), "END"));
  EXPECT_EQ(done, 0) << "what is still on its way must not be answered by a reset";
  client().hang_up();
  EXPECT_EQ(done, 1);
  EXPECT_EQ(server.connections(), 0u);
  EXPECT_EQ(notice.code(), Code::unavailable) << "long streams hear of it through for_layers(call).draining";
  loop.advance(seconds(60));
  EXPECT_EQ(done, 1);
}

TEST_F(Drain, AClientThatDoesNotAnswerThePingIsToldAgainAfterAFifthOfTheGraceTime) {
  client().send(headers(1, grpc("/s/wait")).end_stream());
  drain(seconds(2));
  client().received();
  loop.advance(std::chrono::milliseconds(399));
  EXPECT_THAT(client().received(), IsEmpty());
  loop.advance(std::chrono::milliseconds(1));
  EXPECT_THAT(client().received(), ElementsAre("GOAWAY 1 NO_ERROR"));
}

TEST_F(Drain, AnIdleConnectionEndsWithTheRoundTrip) {
  drain(seconds(5));
  const Lines first = client().received();
  EXPECT_EQ(done, 0);
  EXPECT_THAT(acknowledge(client(), first), ElementsAre("GOAWAY 0 NO_ERROR", "END"));
  loop.advance(std::chrono::milliseconds(100));  // it does not hang up
  EXPECT_EQ(done, 1);
}

TEST_F(Drain, WithoutConnectionsItIsDoneAtOnce) {
  client().hang_up();
  drain(seconds(5));
  EXPECT_EQ(done, 1);
}

TEST_F(Drain, LaterConnectionsAreToldAtOnce) {
  client().send(headers(1, grpc("/s/wait")).end_stream());
  drain(seconds(5));
  FrameClient late(loop, server);
  late.shake_hands();
  Lines lines = late.received();
  loop.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(late.send(headers(1, grpc("/s/wait")).end_stream()), Lines());
  EXPECT_EQ(started, 1);
  late.hang_up();
  EXPECT_EQ(server.connections(), 1u) << "the late one has been closed";
}

// A feed that ends when the server does, and one whose client leaves first.
TEST_F(Drain, AHandlerThatWaitsForItHearsOfItAndOfItsClient) {
  std::vector<Status> heard;
  ServerTest feeds;
  feeds.service.add("/s/feed", [&](Call& call) -> Task<Status> {
    heard.push_back(co_await call.drained());
    co_return heard.back();
  });
  FrameClient& client = feeds.start();
  client.send(headers(1, grpc("/s/feed")).end_stream() + headers(3, grpc("/s/feed")).end_stream());
  client.send(wire::rst(1, http2::ErrorCode::cancel));
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].code(), Code::cancelled);
  feeds.server.drain(seconds(10), [] {});
  EXPECT_THAT(client.received(), Contains(AllOf(HasSubstr("HEADERS 3 "), HasSubstr("grpc-status=0"))));
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_EQ(heard[1], Status());
  feeds.stop();
}

// Busy clients connect again the moment they are told; there may always be one that has not heard yet.
TEST_F(Drain, ClientsThatComeMeanwhileHoldNothingUp) {
  client().send(headers(1, grpc("/s/wait")).end_stream());
  drain(seconds(5));
  acknowledge(client(), client().received());
  pintle::testing::MemoryPipeOptions narrow;
  narrow.capacity = 1;  // so it can't be told
  FrameClient late(loop, server, narrow);
  EXPECT_EQ(server.connections(), 2u);
  EXPECT_EQ(done, 0);
  door.set();
  EXPECT_THAT(client().received(), Contains("END"));
  client().hang_up();
  EXPECT_EQ(server.connections(), 1u) << "the late one is there";
  EXPECT_EQ(done, 1);
}

TEST_F(Drain, TheEndOfTheGraceTimeCancelsWhatStillRuns) {
  client().send(headers(1, grpc("/s/wait")).end_stream());
  drain(seconds(5));
  acknowledge(client(), client().received());
  loop.advance(seconds(5) - Duration(1));
  EXPECT_THAT(ended, IsEmpty());
  loop.advance(Duration(1));
  ASSERT_EQ(ended.size(), 1u);
  EXPECT_EQ(ended[0].code(), Code::unavailable);
  EXPECT_EQ(done, 1);
  EXPECT_THAT(client().received(), Contains(AllOf(HasSubstr("HEADERS 1"), HasSubstr("grpc-status=14"))));
}

TEST_F(Drain, ASecondCallShortensTheGraceAndDoneIsCalledOnce) {
  client().send(headers(1, grpc("/s/wait")).end_stream());
  drain(seconds(60));
  int second = 0;
  server.drain(seconds(1), [&] { ++second; });
  loop.advance(seconds(1));
  EXPECT_EQ(ended.size(), 1u);
  EXPECT_EQ(done, 1);
  EXPECT_EQ(second, 0);
  loop.advance(seconds(120));
  EXPECT_EQ(done, 1);
}

TEST_F(Drain, ASecondCallWithALongerGraceDoesNotLengthenIt) {
  client().send(headers(1, grpc("/s/wait")).end_stream());
  drain(seconds(1));
  server.drain(seconds(60), [] {});
  loop.advance(seconds(1));
  EXPECT_EQ(done, 1);
}

TEST(DrainOfDeafHandlers, DoneWaitsForHandlersThatDoNotHearOfTheCancelling) {
  Event other;
  ServerTest own;
  own.service.add("/s/deaf", [&](Call&) -> Task<Status> {
    const Env env = co_await current_env();
    (void)co_await
        [](Event& e) -> Task<Status> { co_return co_await e.wait(); }(other).in({env.loop, nullptr, nullptr});
    co_return Status();
  });
  own.start().send(headers(1, grpc("/s/deaf")).end_stream());
  bool over = false;
  own.server.drain(Duration::zero(), [&] { over = true; });
  own.loop.advance(seconds(1));
  EXPECT_EQ(own.server.connections(), 0u);
  EXPECT_FALSE(over);
  other.set();
  own.loop.run_until_idle();
  EXPECT_TRUE(over);
}

TEST_F(Drain, AnEndlessGraceIsAllowed) {
  client().send(headers(1, grpc("/s/wait")).end_stream());
  drain(Duration::max());
  loop.advance(seconds(2));
  EXPECT_EQ(done, 0);
  door.set();
  loop.run_until_idle();
  client().hang_up();
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace pintle::server::test

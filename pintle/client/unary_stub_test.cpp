// A stub's unary call: on a connection that is ready it needs no coroutine but the stub's own, and nobody can tell.
#include <functional>
#include <optional>

#include <gmock/gmock.h>

#include <pintle/client/test_support/frame_server.hpp>
#include <pintle/rpc/test_support/text.hpp>

namespace pintle::client::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using pintle::test::Text;
using std::chrono::milliseconds;

const MethodInfo& method() {
  static const MethodInfo kMethod = [] {
    MethodInfo info;
    info.path = "/s/m";
    info.kind = Kind::unary;
    info.request = info.response = &type_of<Text>;
    return info;
  }();
  return kMethod;
}

class UnaryStub : public ::testing::Test, public ChannelTest {
 public:
  using Reply = pintle::testing::Running<Result<Text>>;

  explicit UnaryStub(ChannelOptions options = {}) : ChannelTest(std::move(options)) {}

  Task<Result<Text>> task(CallOptions options = {}) {
    co_return co_await codegen::unary_call<Text, Text>(channel, channel->method(method()), method(), request_,
                                                       std::move(options));
  }
  Reply start(CallOptions options = {}) { return loop.start(task(std::move(options)), 0, &all_calls); }
  // From now on calls find a connection: the next one's stream is 3.
  void warm_up() {
    Reply first = start();
    peer().settle();
    peer().answer(1);
    ASSERT_TRUE(first.done());
    ASSERT_EQ(first.get().value().value, "ok");
    peer().calls();
  }

 private:
  const Text request_{"hi"};
};

std::string told(Result<Text> reply) { return reply ? "reply " + reply->value : reply.error().to_string(); }

struct Answer {
  std::string_view name;
  std::string expected;  // a part of what the caller is told
  std::function<std::string(std::uint32_t stream)> frames;
};

const std::vector<Answer>& answers() {
  using Frames = std::string;
  static const std::vector<Answer> kAnswers = {
      {"a reply", "reply there", [](auto s) { return Peer::answered(s, "there"); }},
      {"an empty reply", "reply ", [](auto s) { return Peer::answered(s, ""); }},
      {"an error after the head", "NOT_FOUND",
       [](auto s) { return Peer::head(s) + Peer::trailers(s, {{"grpc-status", "5"}}); }},
      {"an error after a reply", "NOT_FOUND",
       [](auto s) { return Peer::head(s) + wire::data(s, message("x")) + Peer::trailers(s, {{"grpc-status", "5"}}); }},
      {"trailers only", "PERMISSION_DENIED",
       [](auto s) {
         return Frames(
             wire::headers(s, {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "7"}})
                 .end_stream());
       }},
      {"no message", "UNIMPLEMENTED", [](auto s) { return Peer::head(s) + Peer::trailers(s, {{"grpc-status", "0"}}); }},
      {"two messages", "UNIMPLEMENTED",
       [](auto s) {
         return Peer::head(s) + wire::data(s, message("a") + message("b")) + Peer::trailers(s, {{"grpc-status", "0"}});
       }},
      {"a message that can't be parsed", "INTERNAL", [](auto s) { return Peer::answered(s, "bad"); }},
      {"a torn message", "INTERNAL",
       [](auto s) {
         return Peer::head(s) + wire::data(s, message("torn").substr(0, 6)) + Peer::trailers(s, {{"grpc-status", "0"}});
       }},
      {"a stream that was refused", "UNAVAILABLE",
       [](auto s) { return Frames(wire::rst(s, http2::ErrorCode::refused_stream)); }},
      {"a reset inside the message", "CANCELLED",
       [](auto s) {
         return Peer::head(s) + wire::data(s, message("torn").substr(0, 6)) + wire::rst(s, http2::ErrorCode::cancel);
       }},
      {"another protocol's answer", "UNAVAILABLE",
       [](auto s) {
         return Frames(wire::headers(s, {{":status", "503"}, {"content-type", "text/html"}}).end_stream());
       }},
  };
  return kAnswers;
}

// The first call waits for its connection, in a coroutine of the channel's; the second needs none.
TEST_F(UnaryStub, TheAnswerMeansTheSameToAFirstAndToASecondCall) {
  for (const Answer& answer : answers()) {
    SCOPED_TRACE(answer.name);
    ChannelTest fresh;
    const Text request("hi");
    const auto start = [&] {
      return fresh.loop.start(
          codegen::unary_call<Text, Text>(fresh.channel, fresh.channel->method(method()), method(), request, {}), 0,
          &fresh.all_calls);
    };
    auto first = start();
    fresh.peer().settle();
    fresh.peer().send(answer.frames(1));
    auto second = start();
    fresh.peer().send(answer.frames(3));
    ASSERT_TRUE(first.done());
    ASSERT_TRUE(second.done());
    const std::string of_first = told(first.get());
    EXPECT_THAT(of_first, StartsWith(answer.expected));
    EXPECT_EQ(told(second.get()), of_first);
    EXPECT_EQ(fresh.dials(), 1u);
  }
}

TEST_F(UnaryStub, OnAReadyConnectionTheRequestLeavesAtOnce) {
  warm_up();
  Reply reply = start(CallOptions().metadata("x-a", "1"));
  EXPECT_THAT(peer().calls(),
              ElementsAre(HasSubstr(":path=/s/m :authority=test te=trailers content-type=application/grpc"),
                          "DATA 3 END_STREAM \"\\x00\\x00\\x00\\x00\\x02hi\""));
  EXPECT_FALSE(reply.done());
}

TEST_F(UnaryStub, ItsMetadataAreSentAndTheResponsesAreGiven) {
  warm_up();
  ResponseMetadata info;
  Reply reply = start(CallOptions().metadata("x-a", "1").response_metadata(info));
  EXPECT_THAT(peer().calls(), Contains(HasSubstr("x-a=1")));
  peer().send(Peer::head(3, {{"x-head", "2"}}) + wire::data(3, message("ok")) +
              Peer::trailers(3, {{"grpc-status", "0"}, {"x-trailer", "3"}}));
  ASSERT_TRUE(reply.done());
  EXPECT_EQ(info.head.get("x-head"), "2");
  EXPECT_EQ(info.trailers.get("x-trailer"), "3");
}

TEST_F(UnaryStub, MetadataThatCannotBeSentAreRefusedOnAReadyConnectionToo) {
  warm_up();
  Reply reply = start(CallOptions().metadata("grpc-timeout", "1"));
  ASSERT_TRUE(reply.done());
  EXPECT_EQ(reply.get().error().code(), Code::internal);
  EXPECT_THAT(peer().calls(), ElementsAre());
}

TEST_F(UnaryStub, ACallerThatCancelsResetsTheStream) {
  warm_up();
  Reply reply = start();
  peer().calls();
  reply.cancel();
  loop.run_until_idle();
  ASSERT_TRUE(reply.done());
  EXPECT_EQ(reply.get().error().code(), Code::cancelled);
  EXPECT_THAT(peer().calls(), ElementsAre("RST_STREAM 3 CANCEL"));
}

TEST_F(UnaryStub, ACallThatIsCancelledBeforeItBeginsSendsNothing) {
  warm_up();
  all_calls.cancel(Status(Code::cancelled, "early"));
  Reply reply = start();
  ASSERT_TRUE(reply.done());
  EXPECT_THAT(reply.get().error().to_string(), HasSubstr("early"));
  EXPECT_THAT(peer().calls(), ElementsAre());
}

TEST_F(UnaryStub, ItEndsAtItsDeadlineAndAtTheChannelsDefault) {
  warm_up();
  Reply own = start(CallOptions().timeout(milliseconds(100)));
  Reply with_default = start();
  EXPECT_THAT(peer().calls(), Contains(HasSubstr("grpc-timeout=30000000u"))) << "of the channel";
  loop.advance(milliseconds(100));
  ASSERT_TRUE(own.done());
  EXPECT_EQ(own.get().error().code(), Code::deadline_exceeded);
  EXPECT_THAT(peer().calls(), ElementsAre("RST_STREAM 3 CANCEL"));
  EXPECT_FALSE(with_default.done());
  loop.advance(std::chrono::seconds(30));
  ASSERT_TRUE(with_default.done());
  EXPECT_EQ(with_default.get().error().code(), Code::deadline_exceeded);
}

TEST_F(UnaryStub, ALostConnectionIsUnavailable) {
  warm_up();
  Reply reply = start();
  peer().send(Peer::head(3));
  peer().hang_up();
  ASSERT_TRUE(reply.done());
  EXPECT_EQ(reply.get().error().code(), Code::unavailable);
}

Root hold(Task<Result<Text>> task) { (void)co_await std::move(task); }

TEST_F(UnaryStub, AFrameThatIsDestroyedResetsItsStream) {
  warm_up();
  Root root = hold(task());
  root.start({&loop.loop(), nullptr, nullptr});
  EXPECT_THAT(peer().calls(), Contains(StartsWith("DATA 3")));
  root.handle.destroy();
  EXPECT_THAT(peer().calls(), ElementsAre("RST_STREAM 3 CANCEL"));
  Reply next = start();
  peer().answer(5);
  EXPECT_TRUE(next.done()) << "the connection is as before";
}

// Streams beyond the peer's limit wait in line, and each end gives the next its turn.
TEST_F(UnaryStub, ACallBeyondTheLimitOfStreamsFollowsWhenOneThatNeededNoCoroutineEnds) {
  Reply first = start();
  peer().settle({{http2::SettingId::max_concurrent_streams, 1}});
  peer().answer(1);
  ASSERT_TRUE(first.done());
  Reply second = start(), third = start();
  EXPECT_THAT(peer().calls(), Contains(StartsWith("DATA 3")));
  peer().answer(3, "second");
  ASSERT_TRUE(second.done());
  EXPECT_EQ(second.get().value().value, "second");
  EXPECT_THAT(peer().calls(), Contains(StartsWith("DATA 5")));
  peer().answer(5, "third");
  ASSERT_TRUE(third.done());
  EXPECT_EQ(third.get().value().value, "third");
}

}  // namespace
}  // namespace pintle::client::test

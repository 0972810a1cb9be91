// A client above its memory budget: the response that nobody reads is given up, and its caller is told.
#include <optional>

#include <gmock/gmock.h>

#include <pintle/client/test_support/frame_server.hpp>
#include <pintle/rpc/client_stream.hpp>
#include <pintle/rpc/test_support/text.hpp>

namespace pintle::client::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

using pintle::test::Text;
using Stream = ServerStream<Text>;

constexpr MethodInfo kList = pintle::test::method_of_kind(Kind::server_stream);
constexpr std::size_t kBody = 16'000;

ChannelOptions with_budget(std::shared_ptr<MemoryBudget> budget) {
  ChannelOptions options;
  options.memory = std::move(budget);
  return options;
}

// Made before the channel.
struct Budget {
  std::shared_ptr<MemoryBudget> budget = std::make_shared<MemoryBudget>(700'000, 0.6);
};

class UnreadResponses : public ::testing::Test, protected Budget, public ChannelTest {
 protected:
  UnreadResponses() : ChannelTest(with_budget(budget)) {}
  static Task<void> open(UnreadResponses& self, std::optional<Stream>& into) {
    const Text request("all");
    into.emplace(co_await codegen::Opening<Stream>(self.channel->method(kList), kList, Message(&request, type_of<Text>),
                                                   CallOptions(), self.channel));
  }
  static Task<std::string> read_all(Stream& stream) {
    std::size_t messages = 0;
    for (;;) {
      auto message = co_await stream.read();
      if (!message) co_return std::to_string(messages) + " " + message.error().to_string();
      if (*message == nullptr) co_return std::to_string(messages) + " OK";
      ++messages;
    }
  }
  // Of a response's messages, so many bytes that the pipe is full and the rest waits on the stream.
  void respond(std::uint32_t stream) {
    peer().send(Peer::head(stream));
    for (int i = 0; i < 7; ++i) {
      peer().send(wire::data(stream, message(std::string(kBody - 5, 'x'))));
      loop.advance(std::chrono::milliseconds(1));
    }
  }

  std::optional<Stream> streams_[6];
};

TEST_F(UnreadResponses, TheOneThatHasWaitedLongestIsGivenUpAndItsCallerTold) {
  loop.start(open(*this, streams_[0]));
  peer().settle();
  for (std::size_t i = 1; i < 6; ++i) loop.start(open(*this, streams_[i]));
  peer().calls();
  for (const std::uint32_t stream : {1u, 3u, 5u, 7u, 9u}) respond(stream);
  EXPECT_EQ(budget->level(), MemoryLevel::near);
  respond(11);
  loop.advance(std::chrono::milliseconds(100));
  EXPECT_THAT(peer().calls(), Contains("RST_STREAM 1 CANCEL"));
  EXPECT_LE(budget->used(), budget->limit());
  auto told = loop.start(read_all(*streams_[0]));
  ASSERT_TRUE(told.done());
  EXPECT_THAT(told.get(), HasSubstr("RESOURCE_EXHAUSTED: the client's memory budget is used up"));
  peer().send(Peer::trailers(11, {{"grpc-status", "0"}}));
  auto whole = loop.start(read_all(*streams_[5]));
  ASSERT_TRUE(whole.done());
  EXPECT_EQ(whole.get(), "7 OK");
  for (auto& stream : streams_) stream.reset();
}

}  // namespace
}  // namespace pintle::client::test

// A server and a channel that share a budget: what calls hold is seen while they hold it, and given back however they
// end.
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include <pintle/async/event.hpp>
#include <pintle/rpc/awaiting.hpp>
#include <pintle/rpc/client_calls.hpp>
#include <pintle/rpc/test_support/text.hpp>
#include <pintle/server/test_support/frame_client.hpp>
#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle::server::test {
namespace {

using pintle::test::Text;

constexpr MethodInfo kChat = pintle::test::method_of_kind(Kind::bidi);
using Chat = BidiStream<Text, Text>;

class MemoryOfCalls : public ::testing::Test {
 protected:
  MemoryOfCalls() {
    server_.emplace(options());
    // Reads nothing before the test says so.
    auto handler = [this](LayerCall& call) -> Task<Status> {
      level_ = call.load->memory_level();
      if (Status s = co_await read_.wait(); !s.ok()) co_return s;
      for (;;) {
        auto message = co_await call.read();
        if (!message) co_return message.error();
        if (*message == nullptr) co_return Status();
      }
    };
    server_->server().set_fallback(std::make_unique<FunctionHandler<decltype(handler)>>(handler));
    ChannelOptions channel;
    channel.memory = budget_;
    channel_ = server_->channel(std::move(channel));
  }
  ServerOptions options() {
    ServerOptions o;
    o.memory = budget_;
    return o;
  }
  // Sends so much that windows, queues and pipes are full.
  Task<Status> flood(std::size_t bytes) {
    Chat chat = co_await codegen::Opening<Chat>(channel_->method(kChat), kChat, CallOptions(), channel_);
    for (std::size_t sent = 0; sent < bytes; sent += kMessage)
      if (Status s = co_await chat.write(Text(std::string(kMessage, 'x'))); !s.ok()) break;
    co_return co_await chat.finish();
  }
  // Of server and channel, when no call is there: what is pooled is part of it, and bounded by the floor of the pools.
  std::size_t rest() {
    server_->loop().advance(std::chrono::seconds(2));
    return budget_->used();
  }

  static constexpr std::size_t kMessage = 30'000, kMuch = 3'000'000;
  std::shared_ptr<MemoryBudget> budget_ = std::make_shared<MemoryBudget>(20'000'000, 0.01);
  Event read_;
  MemoryLevel level_ = MemoryLevel::over;
  std::optional<testing::InMemoryServer> server_;
  std::shared_ptr<Channel> channel_;
};

TEST_F(MemoryOfCalls, ACallThatIsNotReadIsSeenByTheNextAndForgottenWhenItEnds) {
  auto before = server_->loop().start(flood(0));
  EXPECT_EQ(level_, MemoryLevel::ok);
  auto large = server_->loop().start(flood(kMuch));
  EXPECT_GT(budget_->used(), 200'000u) << "a window at the server, queue and pipe at the client";
  auto after = server_->loop().start(flood(0));
  EXPECT_EQ(level_, MemoryLevel::near);
  ASSERT_FALSE(large.done());
  read_.set();
  server_->loop().run_until_idle();
  ASSERT_TRUE(before.done() && large.done() && after.done());
  EXPECT_TRUE(large.get().ok());
  EXPECT_LE(rest(), 128 * 1024u) << "what a pooled call keeps: at most 64 KiB of body and of messages each";
}

TEST_F(MemoryOfCalls, ACancelledCallGivesBack) {
  auto call = server_->loop().start(flood(kMuch));
  call.cancel();
  server_->loop().run_until_idle();
  ASSERT_TRUE(call.done());
  EXPECT_LE(rest(), 128 * 1024u);
}

TEST_F(MemoryOfCalls, ALostConnectionGivesBack) {
  auto call = server_->loop().start(flood(kMuch));
  server_->connections().front().reset();
  server_->loop().run_until_idle();
  ASSERT_TRUE(call.done());
  EXPECT_LE(rest(), 128 * 1024u);
}

TEST_F(MemoryOfCalls, NothingIsLeftWhenServerAndChannelAreGone) {
  for (const bool finished : {false, true}) {
    auto call = server_->loop().start(flood(kMuch));
    if (finished) call.cancel();
    server_->loop().run_until_idle();
    EXPECT_EQ(call.done(), finished);
    if (!finished) EXPECT_GT(budget_->used(), 0u);
  }
  channel_.reset();
  server_.reset();
  EXPECT_EQ(budget_->used(), 0u);
}

}  // namespace
}  // namespace pintle::server::test

// What a server and a channel say of themselves.
#include <stdexcept>

#include <gmock/gmock.h>

#include <pintle/async/event.hpp>
#include <pintle/rpc/awaiting.hpp>
#include <pintle/rpc/client_calls.hpp>
#include <pintle/rpc/test_support/text.hpp>
#include <pintle/server/test_support/frame_client.hpp>
#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle::server::test {
namespace {

using pintle::test::Text;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr MethodInfo kUnary = pintle::test::method_of_kind(Kind::unary);

class Inspect : public ::testing::Test {
 protected:
  Inspect() {
    auto handler = [this](LayerCall& call) -> Task<Status> {
      auto message = co_await call.read();
      if (!message) co_return message.error();
      if (Status s = co_await answer_.wait(); !s.ok()) co_return s;
      if (throws_) throw std::runtime_error("it broke");
      co_return co_await call.write(**message);
    };
    server_.server().set_fallback(std::make_unique<FunctionHandler<decltype(handler)>>(handler));
    channel_ = server_.channel();
  }
  testing::Running<Result<Text>> call() {
    return server_.loop().start(codegen::unary_call<Text, Text>(channel_, channel_->method(kUnary), kUnary, request_,
                                                                CallOptions().timeout(seconds(100))));
  }
  ServerReport server() { return server_.loop().run(server_.server().inspect()).value(); }
  ChannelReport channel() { return server_.loop().run(channel_->inspect()).value(); }

  const Text request_{"hello"};
  Event answer_;
  bool throws_ = false;
  testing::InMemoryServer server_;
  std::shared_ptr<Channel> channel_;
};

TEST_F(Inspect, BeforeTheFirstCallThereIsNothingToSee) {
  const ServerReport s = server();
  ASSERT_THAT(s.loops, SizeIs(1));
  EXPECT_THAT(s.loops[0].connections, IsEmpty());
  EXPECT_THAT(s.listeners, IsEmpty());
  const ChannelReport c = channel();
  EXPECT_EQ(c.authority, "memory");
  ASSERT_THAT(c.loops, SizeIs(1));
  EXPECT_EQ(c.loops[0].state, "idle");
  EXPECT_THAT(c.loops[0].connections, IsEmpty());
  EXPECT_TRUE(c.loops[0].last_error.ok());
}

TEST_F(Inspect, ARunningCallAndItsConnectionAreSeenFromBothSides) {
  auto running = call();
  server_.loop().advance(seconds(3));
  const LoopServerReport s = server().loops.at(0);
  EXPECT_EQ(s.running, 1u);
  EXPECT_EQ(s.waiting, 0u);
  EXPECT_EQ(s.pooled_calls, 1u);
  ASSERT_THAT(s.connections, SizeIs(1));
  EXPECT_EQ(s.connections[0].peer, "memory:a");
  EXPECT_EQ(s.connections[0].tls, nullptr);
  EXPECT_EQ(s.connections[0].phase, "open");
  EXPECT_TRUE(s.connections[0].ready);
  EXPECT_EQ(s.connections[0].age, seconds(3));
  EXPECT_EQ(s.connections[0].streams, 1u);
  EXPECT_EQ(s.connections[0].running, 1u);
  EXPECT_GT(s.connections[0].frames_received, 1u);
  EXPECT_FALSE(s.draining);
  const LoopChannelReport c = channel().loops.at(0);
  EXPECT_EQ(c.state, "ready");
  ASSERT_THAT(c.connections, SizeIs(1));
  EXPECT_EQ(c.connections[0].streams, 1u);
  EXPECT_EQ(c.connections[0].bytes_written, s.connections[0].bytes_read);
  EXPECT_EQ(c.connections[0].bytes_read, s.connections[0].bytes_written);
  EXPECT_EQ(c.connections[0].streams_opened, 1u);
  EXPECT_EQ(channel().methods, 1u);
  answer_.set();
  server_.loop().run_until_idle();
  EXPECT_EQ(running.get()->value, "hello");
  EXPECT_EQ(server().loops[0].running, 0u);
  EXPECT_EQ(server().loops[0].connections.at(0).streams, 0u);
}

TEST_F(Inspect, AChannelSaysWhyItCantConnectAndWhoWaits) {
  server_.refuse(1000);
  auto waiting = server_.loop().start(codegen::unary_call<Text, Text>(
      channel_, channel_->method(kUnary), kUnary, request_, CallOptions().timeout(seconds(100)).wait_for_ready()));
  const LoopChannelReport c = channel().loops.at(0);
  EXPECT_EQ(c.state, "transient_failure");
  EXPECT_EQ(c.waiting, 1u);
  EXPECT_EQ(c.failures, 1);
  EXPECT_EQ(c.failed_attempts, 1u);
  EXPECT_THAT(c.last_error.message(), HasSubstr("connection refused by the test"));
  waiting.cancel();
  server_.loop().run_until_idle();
}

TEST_F(Inspect, ExceptionsAndTheDrainAreSeen) {
  throws_ = true;
  answer_.set();
  EXPECT_FALSE(call().get().has_value());
  EXPECT_EQ(server().loops.at(0).exceptions, 1u);
  answer_.reset();
  auto running = call();
  server_.server().drain(seconds(10), [] {});
  server_.loop().run_until_idle();
  EXPECT_TRUE(server().loops.at(0).draining);
  EXPECT_EQ(server().loops.at(0).connections.at(0).phase, "closing");
}

TEST_F(Inspect, WhoIsCancelledIsToldSoAndTheLoopsMayLookLater) {
  CancelScope scope;
  scope.cancel(Status(Code::cancelled, "never mind"));
  auto asked = server_.loop().start(server_.server().inspect(), 0, &scope);
  ASSERT_TRUE(asked.done());
  EXPECT_EQ(asked.get().error().message(), "never mind");
}

}  // namespace
}  // namespace pintle::server::test

// Reports while calls run on two loops and threads: nothing is touched but by its own loop.
#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <pintle/async/runtime.hpp>
#include <pintle/async/sync_wait.hpp>
#include <pintle/rpc/blocking_calls.hpp>
#include <pintle/rpc/client_calls.hpp>
#include <pintle/rpc/test_support/text.hpp>
#include <pintle/server/test_support/frame_client.hpp>
#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle::server::test {
namespace {

using pintle::test::Text;

constexpr MethodInfo kUnary = pintle::test::method_of_kind(Kind::unary);

Task<std::size_t> make_calls(std::shared_ptr<Channel> channel, int calls) {
  const Text request("hello");
  std::size_t answered = 0;
  for (int i = 0; i < calls; ++i) {
    auto response = co_await codegen::unary_call<Text, Text>(channel, channel->method(kUnary), kUnary, request, {});
    answered += response ? 1 : 0;
  }
  co_return answered;
}

Task<Result<ServerReport>> inspect(const Server& server, Channel& channel) {
  auto of_channel = co_await channel.inspect();
  if (!of_channel) co_return std::move(of_channel).error();
  co_return co_await server.inspect();
}

TEST(InspectThreads, AReportIsTakenWhileTwoLoopsServe) {
  RuntimeOptions options;
  options.threads = 2;
  Runtime runtime(std::move(options));
  auto budget = std::make_shared<MemoryBudget>(1 << 30);
  ServerOptions server_options;
  server_options.memory = budget;
  Server server(runtime, std::move(server_options));
  auto echo = [](LayerCall& call) -> Task<Status> {
    auto message = co_await call.read();
    if (!message) co_return message.error();
    co_return co_await call.write(**message);
  };
  server.set_fallback(std::make_unique<FunctionHandler<decltype(echo)>>(echo));
  ASSERT_TRUE(server.start().ok());
  runtime.start();
  const auto address = server.listen(*net::SockAddress::from_ip("127.0.0.1", 0));
  ASSERT_TRUE(address.has_value()) << address.error().to_string();
  ChannelOptions channel_options;
  channel_options.memory = budget;
  auto channel = make_channel(runtime, address->to_string(), std::move(channel_options)).value();

  std::atomic<std::size_t> answered = 0;
  std::vector<std::jthread> callers;
  for (std::size_t i = 0; i < 2; ++i)
    callers.emplace_back([&, i] { answered += sync_wait(runtime.loop(i), make_calls(channel, 300)); });
  ServerReport report;
  for (int i = 0; i < 50; ++i) {
    auto seen = sync_wait(runtime.loop(0), inspect(server, *channel));
    ASSERT_TRUE(seen.has_value());
    report = std::move(*seen);
  }
  callers.clear();
  EXPECT_EQ(answered, 600u);
  report = sync_wait(runtime.loop(1), inspect(server, *channel)).value();
  ASSERT_EQ(report.loops.size(), 2u);
  ASSERT_EQ(report.listeners.size(), 1u);
  EXPECT_EQ(report.listeners[0].accepted, 2u) << "one connection of each loop of the channel";
  EXPECT_EQ(report.listeners[0].open, 2u);
  EXPECT_EQ(report.listeners[0].address, address->to_string());
  EXPECT_EQ(report.loops[0].connections.size() + report.loops[1].connections.size(), 2u);
  channel.reset();
  runtime.stop();
  runtime.join();
}

}  // namespace
}  // namespace pintle::server::test

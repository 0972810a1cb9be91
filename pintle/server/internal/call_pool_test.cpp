// After a spike a loop gives back the calls that it no longer needs, and what each of them keeps; in steady use it
// gives back nothing.
#include <pintle/server/internal/call_pool.hpp>

#include <gtest/gtest.h>

#include <pintle/async/event.hpp>
#include <pintle/async/nursery.hpp>
#include <pintle/rpc/client_calls.hpp>
#include <pintle/rpc/test_support/text.hpp>
#include <pintle/server/test_support/frame_client.hpp>
#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle::server::test {
namespace {

using pintle::test::Text;
using std::chrono::seconds;

constexpr MethodInfo kUnary = pintle::test::method_of_kind(Kind::unary);
constexpr std::size_t kMany = 10'000;

class CallPools : public ::testing::Test {
 protected:
  CallPools() {
    ServerOptions options;
    options.connection.max_running = options.connection.http2.max_concurrent_streams = kMany;
    options.memory = budget_;
    server_.emplace(std::move(options));
    auto handler = [this](LayerCall& call) -> Task<Status> {
      auto message = co_await call.read();
      if (!message) co_return message.error();
      if (Status s = co_await answer_.wait(); !s.ok()) co_return s;
      co_return co_await call.write(**message);
    };
    server_->server().set_fallback(std::make_unique<FunctionHandler<decltype(handler)>>(handler));
    channel_ = server_->channel();
    run(1);  // connects: before that, a client opens 100 streams at most
  }
  // So many calls at the same time, to their end.
  void run(std::size_t calls) {
    answer_.reset();
    auto all = server_->loop().start(calling(calls));
    if (calls > 1) peak_ = report().running;
    answer_.set();
    server_->loop().run_until_idle();
    ASSERT_TRUE(all.done());
    EXPECT_EQ(all.get(), calls);
  }
  Task<std::size_t> calling(std::size_t calls) {
    Nursery nursery;
    const Env env = co_await current_env();
    std::vector<std::optional<Result<Text>>> results(calls);
    const Text request("hello");
    for (auto& result : results) nursery.spawn(env, one(request, result));
    co_await nursery.join();
    std::size_t answered = 0;
    for (const auto& result : results) answered += result.has_value() && result->has_value() ? 1 : 0;
    co_return answered;
  }
  Task<void> one(const Text& request, std::optional<Result<Text>>& result) {
    result = co_await codegen::unary_call<Text, Text>(channel_, channel_->method(kUnary), kUnary, request,
                                                      CallOptions().timeout(seconds(1000)));
  }
  LoopServerReport report() { return server_->loop().run(server_->server().inspect()).value().loops.at(0); }

  std::shared_ptr<MemoryBudget> budget_ = std::make_shared<MemoryBudget>(1 << 30);
  Event answer_;
  std::optional<testing::InMemoryServer> server_;
  std::shared_ptr<Channel> channel_;
  std::size_t peak_ = 0;
};

TEST_F(CallPools, AfterASpikeTheyHalveEverySecondDownToTheirFloor) {
  run(kMany);
  ASSERT_EQ(peak_, kMany);
  ASSERT_EQ(report().pooled_calls, kMany);
  const std::size_t memory = report().memory;
  EXPECT_GT(memory, kMany * 5) << "what they keep is charged";
  server_->loop().advance(seconds(1));
  EXPECT_EQ(report().pooled_calls, kMany) << "they were used in this second";
  server_->loop().advance(seconds(1));
  EXPECT_EQ(report().pooled_calls, kMany - (kMany - CallPool::kSpare) / 2);
  server_->loop().advance(seconds(20));
  EXPECT_EQ(report().pooled_calls, CallPool::kSpare);
  EXPECT_LT(report().memory, memory / 100);
  run(100);
  EXPECT_EQ(report().pooled_calls, 100u) << "and they grow again";
}

TEST_F(CallPools, WhatEverySecondUsesStays) {
  run(1000);
  for (int i = 0; i < 10; ++i) {
    server_->loop().advance(seconds(1));
    EXPECT_GE(report().pooled_calls, 500u) << "none of those is to be made anew";
    run(500);
  }
  EXPECT_LT(report().pooled_calls, 510u);
}

}  // namespace
}  // namespace pintle::server::test

// BlockingStubs: calls of a thread that is no loop's, to a service that runs on one.
#include <chrono>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugin/test_support/generated.pintle.hpp"
#include "test_support/calculator.hpp"
#include "test_support/direct_channel.hpp"
#include <pintle/async/cancel_token.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/async/sync_wait.hpp>

namespace pintle::plugin {
namespace {

using ::plugin::test::Number;
using ::testing::ElementsAre;

RuntimeOptions one_loop() {
  RuntimeOptions options;
  options.threads = 1;
  return options;
}

Number number(std::int64_t value) {
  Number n;
  n.set_value(value);
  return n;
}

class Blocking : public ::testing::Test {
 protected:
  Blocking() { runtime_.start(); }
  Runtime runtime_{one_loop()};
  Calculator service_;
  std::shared_ptr<DirectChannel> channel_ = std::make_shared<DirectChannel>(service_, runtime_.loop(0), true);
  ::plugin::test::Calculator::BlockingStub stub_{channel_};
};

TEST_F(Blocking, AUnaryCall) {
  const Result<Number> response = stub_.Double(number(8));
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->value(), 16);
  EXPECT_EQ(stub_.Double(number(-8)).error().code(), Code::invalid_argument);
}

TEST_F(Blocking, AServerStream) {
  auto stream = stub_.CountTo(number(3));
  std::vector<std::int64_t> values;
  for (;;) {
    auto next = stream.read();
    ASSERT_TRUE(next.has_value()) << next.error().to_string();
    if (*next == nullptr) break;
    values.push_back((*next)->value());
  }
  EXPECT_THAT(values, ElementsAre(1, 2, 3));
  EXPECT_EQ(stream.finish(), Status());
}

TEST_F(Blocking, AClientStream) {
  auto stream = stub_.Sum();
  for (std::int64_t i = 1; i <= 10; ++i) ASSERT_EQ(stream.write(number(i)), Status());
  const Result<Number> response = stream.finish();
  ASSERT_TRUE(response.has_value());
  EXPECT_EQ(response->value(), 55);
}

TEST_F(Blocking, ABidirectionalStream) {
  auto stream = stub_.RunningSum();
  for (std::int64_t i = 1; i <= 3; ++i) {
    ASSERT_EQ(stream.write(number(1)), Status());
    auto answer = stream.read();
    ASSERT_TRUE(answer.has_value() && *answer != nullptr);
    EXPECT_EQ((*answer)->value(), i);
  }
  stream.close_writing();
  EXPECT_EQ(stream.finish(), Status());
}

TEST_F(Blocking, OptionsReachTheCallInEveryForm) {
  const auto tenant = [](std::string_view name) { return CallOptions().metadata("x-tenant", name); };
  (void)stub_.Double(number(1), tenant("unary"));
  (void)stub_.CountTo(number(1), tenant("down")).finish();
  (void)stub_.Sum(tenant("up")).finish();
  (void)stub_.RunningSum(tenant("both")).finish();
  EXPECT_THAT(channel_->tenants(), ElementsAre("unary", "down", "up", "both"));
}

TEST_F(Blocking, ACancelledStreamSaysSo) {
  auto stream = stub_.RunningSum();
  stream.cancel();
  EXPECT_EQ(stream.finish().code(), Code::cancelled);
}

TEST_F(Blocking, AStreamMayBeLetGoBeforeItsEnd) {
  {
    auto stream = stub_.CountTo(number(1'000'000));
  }
  const Result<Number> response = stub_.Double(number(1));
  ASSERT_TRUE(response.has_value());
}

// The runtime may stop before the stream is let go: that neither hangs nor throws.
TEST_F(Blocking, AStreamMayOutliveTheRuntimesRun) {
  auto stream = stub_.RunningSum();
  stream.close_writing();
  EXPECT_EQ(stream.finish(), Status());
  runtime_.stop();
  runtime_.join();
}

std::string why(const Status& status) {
  EXPECT_EQ(status.code(), Code::failed_precondition);
  return std::string(status.message());
}

// On a loop's thread, in a handler for example, every form says at once what to do instead: nothing hangs or throws.
TEST_F(Blocking, IsRefusedOnALoop) {
  const auto body = [](const ::plugin::test::Calculator::BlockingStub& stub) -> Task<std::vector<std::string>> {
    auto down = stub.CountTo(number(1));
    auto up = stub.Sum();
    auto both = stub.RunningSum();
    both.close_writing();
    both.cancel();
    co_return std::vector<std::string>{why(stub.Double(number(1)).error()),
                                       why(down.read().error()),
                                       why(down.finish()),
                                       why(up.write(number(1))),
                                       why(up.finish().error()),
                                       why(both.write(number(1))),
                                       why(both.read().error()),
                                       why(both.finish())};
  };
  Runtime other(one_loop());
  other.start();
  for (Loop* loop : {&runtime_.loop(0), &other.loop(0)})
    EXPECT_THAT(sync_wait(*loop, body(stub_)), ::testing::Each(::testing::HasSubstr("co_await")));
  EXPECT_TRUE(channel_->tenants().empty());
}

TEST_F(Blocking, AStreamMayBeLetGoOnALoop) {
  auto stream = std::make_unique<BlockingServerStream<Number>>(stub_.CountTo(number(1'000'000)));
  const auto let_go = [](auto& held) -> Task<Status> {
    EXPECT_EQ(held->read().error().code(), Code::failed_precondition);
    held.reset();
    co_return Status();
  };
  EXPECT_EQ(sync_wait(runtime_.loop(0), let_go(stream)), Status());
  EXPECT_TRUE(stub_.Double(number(1)).has_value());
}

TEST(BlockingWithoutALoop, IsRefusedAtOnce) {
  Runtime never_started(one_loop());
  Calculator service;
  const auto channel = std::make_shared<DirectChannel>(service, never_started.loop(0), true);
  const ::plugin::test::Calculator::BlockingStub stub(channel);
  EXPECT_THAT(why(stub.Double(number(1)).error()), ::testing::HasSubstr("not started"));
  auto stream = stub.RunningSum();
  EXPECT_THAT(why(stream.read().error()), ::testing::HasSubstr("not started"));
}

// Waits for the end of its call, and says when it waits.
class Sleeper final : public ::plugin::test::Calculator::Service {
 public:
  Task<Result<Number>> Double(Call&, const Number&) override {
    entered.count_down();
    co_return co_await sleep_for(std::chrono::hours(1));
  }
  Task<Status> CountTo(Call&, const Number&, Writer<Number>&) override {
    entered.count_down();
    co_return co_await sleep_for(std::chrono::hours(1));
  }
  std::latch entered{1};
};

TEST(BlockingCancelled, EndsWhenAnotherThreadCancelsItsToken) {
  for (const bool streams : {false, true}) {
    Runtime runtime(one_loop());
    runtime.start();
    Sleeper service;
    const auto channel = std::make_shared<DirectChannel>(service, runtime.loop(0), false);
    const ::plugin::test::Calculator::BlockingStub stub(channel);
    const CancelToken token;
    std::thread other([&] {
      service.entered.wait();
      token.cancel(Status(Code::cancelled, "the user pressed Escape"));
    });
    const CallOptions options = CallOptions().cancel_with(token);
    const Status status = streams ? stub.CountTo(number(1), options).finish() : stub.Double(number(1), options).error();
    EXPECT_EQ(status, Status(Code::cancelled, "the user pressed Escape"));
    other.join();
  }
}

}  // namespace
}  // namespace pintle::plugin

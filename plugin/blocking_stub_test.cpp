// BlockingStubs: calls of a thread that is no loop's, to a service that runs on one.
#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugin/test_support/generated.pintle.hpp"
#include "test_support/calculator.hpp"
#include "test_support/direct_channel.hpp"
#include <pintle/async/runtime.hpp>

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
  EXPECT_THAT(channel_->tenants, ElementsAre("unary", "down", "up", "both"));
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

}  // namespace
}  // namespace pintle::plugin

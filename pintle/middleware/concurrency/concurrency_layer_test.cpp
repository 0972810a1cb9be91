#include <pintle/middleware/concurrency/concurrency_layer.hpp>

#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>

#include <pintle/rpc/details.hpp>
#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using testing::LayerDriver;
using testing::Script;

struct ConcurrencyLayerTest : ::testing::Test {
  void drive(ConcurrencyOptions options) {
    driver.emplace(Side::server, std::make_shared<ConcurrencyLayer>(std::move(options)));
    driver->next(Script().waits(1s));
  }
  testing::DrivenCall& call() { return driver->call().start(); }
  std::optional<LayerDriver> driver;
};

TEST_F(ConcurrencyLayerTest, OneMoreThanThereIsRoomForHearsWhenToComeBack) {
  ConcurrencyOptions options;
  options.most = 2;
  drive(std::move(options));
  EXPECT_FALSE(call().done());
  EXPECT_FALSE(call().done());
  auto& refused = call();
  ASSERT_TRUE(refused.done());
  EXPECT_EQ(refused.status().code(), Code::unavailable);
  EXPECT_EQ(detail_of<google::rpc::RetryInfo>(refused.status())->retry_delay().nanos(), 100'000'000);
  EXPECT_EQ(refused.trailers().get("grpc-retry-pushback-ms"), "100");
  EXPECT_EQ(driver->meter.value("pintle.concurrency.refused{rpc.method=/test.v1.Test/Call}"), 1);
  EXPECT_EQ(driver->meter.value("pintle.concurrency.inside"), 2);
  driver->advance(1s);
  EXPECT_EQ(driver->meter.value("pintle.concurrency.inside"), 0);
  EXPECT_FALSE(call().done());
}

TEST_F(ConcurrencyLayerTest, ACallThatIsCancelledOrThrowsGivesItsRoomBack) {
  ConcurrencyOptions options;
  options.most = 1;
  options.methods.emplace_back("*", 1);
  drive(options);
  auto& cancelled = call();
  EXPECT_TRUE(call().done());
  cancelled.cancel();
  EXPECT_FALSE(call().done());
  driver.emplace(Side::server, std::make_shared<ConcurrencyLayer>(options));
  driver->next(Script().throws("boom"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(call().returned().code(), Code::unknown);
}

TEST_F(ConcurrencyLayerTest, AMethodHasRoomOfItsOwn) {
  ConcurrencyOptions options;
  options.methods.emplace_back("/other/*", 5);
  options.methods.emplace_back("/test.v1.Test/*", 1);
  drive(std::move(options));
  EXPECT_FALSE(call().done());
  EXPECT_TRUE(call().done());
}

TEST_F(ConcurrencyLayerTest, ExceptedMethodsAreNeverRefused) {
  ConcurrencyOptions options;
  options.most = 1;
  options.except = {"/test.v1.Test/*"};
  drive(std::move(options));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(call().done());
}

TEST_F(ConcurrencyLayerTest, WithoutMemoryOnlyThoseWithAShareComeIn) {
  const auto budget = std::make_shared<MemoryBudget>(100'000);
  MemoryAccount account(budget);
  LoopLoad load;
  load.memory = budget.get();
  const auto ask = [&] {
    auto& one = driver->call();
    one.call().load = &load;
    return one.start().done();
  };
  ConcurrencyOptions options;
  options.most = 10;
  drive(options);
  EXPECT_FALSE(ask());
  MemoryCharge charge(&account);
  charge.set(10'000'000);
  EXPECT_TRUE(ask());
  options.shares.emplace_back("/test.v1.Test/*", 0.5);
  drive(options);
  EXPECT_FALSE(ask());
}

}  // namespace
}  // namespace pintle

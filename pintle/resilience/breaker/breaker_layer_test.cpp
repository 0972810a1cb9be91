#include <pintle/resilience/breaker/breaker_layer.hpp>

#include <optional>

#include <gmock/gmock.h>

#include <pintle/resilience/retry/retry_layer.hpp>
#include <pintle/rpc/test_support/text.hpp>
#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using testing::LayerDriver;
using testing::Script;

struct BreakerLayerTest : ::testing::Test {
  LayerDriver& with(BreakerOptions options = {}) {
    layer = std::make_shared<BreakerLayer>("items:50051", std::vector{BreakerRule("items", "*", options)});
    driver.emplace(Side::client, layer);
    return driver->method(test::method_of_kind(Kind::unary));
  }
  Status call() {
    auto& one = driver->call().sends("x").start();
    return one.done() ? one.status() : Status(Code::internal, "it did not end");
  }
  CircuitBreaker& breaker() { return *layer->find("items"); }
  std::shared_ptr<BreakerLayer> layer;
  std::optional<LayerDriver> driver;
};

Script down() { return Script().returns(Status(Code::unavailable, "down")); }

TEST_F(BreakerLayerTest, FailsAtOnceWhileItIsOpenAndFindsItsWayBack) {
  with();
  for (int i = 0; i < 5; ++i) driver->next(down());
  driver->next(Script().writes("up"));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(call().message(), "down");
  const Status refused = call();
  EXPECT_EQ(refused.code(), Code::unavailable);
  EXPECT_EQ(refused.message(),
            "the circuit breaker 'items' of items:50051 is open, the next call is let through in "
            "30000 ms");
  EXPECT_EQ(driver->reached(), 5u);
  EXPECT_EQ(driver->meter.value("pintle.client.breaker.state{server.address=items:50051,breaker=items}"), 1);
  EXPECT_EQ(driver->meter.value("pintle.client.breaker.refused{server.address=items:50051,breaker=items}"), 1);
  driver->advance(30s);
  EXPECT_TRUE(call().ok());
  EXPECT_EQ(breaker().state(), CircuitBreaker::State::closed);
  EXPECT_THAT(driver->log.lines(),
              Contains("warn circuit breaker server.address=items:50051 breaker=items from=closed to=open"));
  EXPECT_EQ(driver->meter.value("pintle.client.breaker.changes{server.address=items:50051,breaker=items,to=half_open}"),
            1);
}

TEST_F(BreakerLayerTest, WhatTheCallerLetGoOfSaysNothing) {
  with().next(Script().waits_for_cancellation());
  for (int i = 0; i < 10; ++i) driver->call().sends("x").start().cancel(CancelCause::caller);
  EXPECT_EQ(breaker().state(), CircuitBreaker::State::closed);
  for (int i = 0; i < 5; ++i) driver->call().sends("x").start().cancel(CancelCause::deadline);
  EXPECT_EQ(breaker().state(), CircuitBreaker::State::open) << "a deadline that passed does";
}

TEST_F(BreakerLayerTest, AProbeIsGivenBackHoweverItEnds) {
  with();
  for (int i = 0; i < 5; ++i) driver->next(down());
  driver->next(Script().waits_for_cancellation()).next(Script().throws("boom")).next(Script().writes("up"));
  for (int i = 0; i < 5; ++i) (void)call();
  driver->advance(30s);
  auto& probe = driver->call().sends("x").start();
  EXPECT_EQ(call().code(), Code::unavailable);
  probe.cancel(CancelCause::caller);
  EXPECT_EQ(breaker().state(), CircuitBreaker::State::half_open);
  EXPECT_EQ(call().code(), Code::unknown);
  EXPECT_EQ(breaker().state(), CircuitBreaker::State::open) << "an exception is a failure";
  driver->advance(30s);
  EXPECT_TRUE(call().ok());
}

TEST_F(BreakerLayerTest, ACallCountsOnceHoweverOftenItWasTried) {
  RetryPolicy policy;
  policy.initial_backoff = policy.max_backoff = 1ms;
  RetryOptions retry;
  retry.rules.emplace_back("*", policy);
  layer = std::make_shared<BreakerLayer>("items", std::vector{BreakerRule("items", "*")});
  driver.emplace(Side::client, std::vector<std::shared_ptr<const Layer>>{std::make_shared<RetryLayer>(retry), layer});
  driver->method(test::method_of_kind(Kind::unary)).next(down());
  for (int i = 0; i < 4; ++i) {
    driver->call().sends("x").start();
    driver->advance(10ms);
  }
  EXPECT_EQ(driver->reached(), 16u);
  EXPECT_EQ(breaker().state(), CircuitBreaker::State::closed);
}

TEST_F(BreakerLayerTest, AMethodMayHaveOneOfItsOwn) {
  BreakerRule rule("each", "*");
  rule.per_method = true;
  layer = std::make_shared<BreakerLayer>("items", std::vector{rule});
  driver.emplace(Side::client, layer);
  driver->method(test::method_of_kind(Kind::unary));
  (void)call();
  EXPECT_THAT(layer->breakers(), ::testing::ElementsAre(HasSubstr("each:/")));
}

TEST_F(BreakerLayerTest, AnOperatorMayIsolateATarget) {
  with();
  EXPECT_TRUE(call().ok());
  breaker().isolate();
  EXPECT_EQ(call().message(), "the circuit breaker 'items' of items:50051 is isolated");
  breaker().close();
  EXPECT_TRUE(call().ok());
}

TEST_F(BreakerLayerTest, SlowCallsOpenItWhereItIsTold) {
  BreakerOptions options;
  options.slow_rate = 0.5;
  options.slow_after = 1s;
  options.window_calls = options.min_calls = 4;
  with(options).next(Script().waits(2s).writes("slow"));
  for (int i = 0; i < 4; ++i) {
    driver->call().sends("x").start();
    driver->advance(2s);
  }
  EXPECT_EQ(breaker().state(), CircuitBreaker::State::open);
}

}  // namespace
}  // namespace pintle

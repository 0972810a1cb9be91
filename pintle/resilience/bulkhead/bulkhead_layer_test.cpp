#include <pintle/resilience/bulkhead/bulkhead_layer.hpp>

#include <gtest/gtest.h>

#include <pintle/rpc/test_support/text.hpp>
#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using testing::LayerDriver;
using testing::Script;

TEST(BulkheadLayerTest, WhoFindsNoRoomIsToldAtOnceAndRoomIsGivenBackHoweverACallEnds) {
  LayerDriver driver(Side::client, std::make_shared<BulkheadLayer>(std::vector{BulkheadRule("items", "*", 3)}));
  driver.method(test::method_of_kind(Kind::unary)).next(Script().waits_for_cancellation());
  std::vector<testing::DrivenCall*> inside;
  for (int i = 0; i < 3; ++i) inside.push_back(&driver.call().sends("x").start());
  auto& refused = driver.call().sends("x").start();
  ASSERT_TRUE(refused.done());
  EXPECT_EQ(refused.status().code(), Code::unavailable);
  EXPECT_EQ(refused.status().message(), "3 calls are in flight already, as many as the bulkhead 'items' has room for");
  EXPECT_EQ(driver.meter.value("pintle.client.bulkhead.refused{bulkhead=items}"), 1);
  EXPECT_EQ(driver.meter.value("pintle.client.bulkhead.calls{bulkhead=items}"), 3);
  inside[1]->cancel();
  auto& next = driver.call().sends("x").start();
  EXPECT_FALSE(next.done());
  for (auto* one : {inside[0], inside[2], &next}) one->cancel();
  EXPECT_EQ(driver.meter.value("pintle.client.bulkhead.calls{bulkhead=items}"), 0);
}

}  // namespace
}  // namespace pintle

#include <pintle/resilience/deadline/hop_margin_layer.hpp>

#include <optional>

#include <gtest/gtest.h>

#include <pintle/rpc/test_support/text.hpp>
#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using testing::LayerDriver;
using testing::Script;

// What is left to a call when the one that it is made for has so much.
std::optional<Duration> left(std::optional<Duration> incoming, std::optional<Duration> own) {
  LayerDriver driver(Side::client, std::make_shared<HopMarginLayer>(20ms));
  driver.method(test::method_of_kind(Kind::unary));
  std::optional<Duration> seen;
  driver.next(Script().does([&](LayerCall& call) {
    if (!call.deadline().is_infinite()) seen = call.deadline().remaining(call.loop().now());
  }));
  auto& above = driver.call();
  if (incoming) above.timeout(*incoming);
  auto& call = driver.call().sends("x");
  if (own) call.timeout(*own);
  call.call().parent = &above.call();
  call.start();
  return seen;
}

TEST(HopMarginLayerTest, AnIncomingDeadlineGoesOnWithLess) {
  EXPECT_EQ(left(1s, {}), 980ms);
  EXPECT_EQ(left(1s, 5s), 980ms);
  EXPECT_EQ(left(1s, 500ms), 500ms) << "its own is shorter";
  EXPECT_EQ(left(30ms, {}), 15ms) << "at most half is kept back";
}

TEST(HopMarginLayerTest, WithoutAnIncomingDeadlineNothingChanges) {
  EXPECT_EQ(left({}, 5s), 5s);
  EXPECT_EQ(left({}, {}), std::nullopt);
}

}  // namespace
}  // namespace pintle

#include <pintle/async/gather.hpp>

#include <optional>

#include <gtest/gtest.h>

#include <pintle/async/internal/turned_loop.hpp>

namespace pintle {
namespace {

using test::TurnedLoop;
using Numbers = Result<std::vector<int>>;

TEST(Gather, AsksEachLoopOnceAndKeepsTheirOrder) {
  TurnedLoop home, a, b;
  std::optional<Numbers> got;
  int looks = 0;
  const std::function<int(std::size_t)> look = [&](std::size_t i) { return ++looks, static_cast<int>(i) * 10; };
  home.start(gather<int>({&a.loop, &b.loop}, look), got);
  b.settle();
  home.settle();
  EXPECT_FALSE(got.has_value()) << "one has not looked yet";
  a.settle();
  EXPECT_FALSE(got.has_value()) << "the answer comes on the loop that asked";
  home.settle();
  ASSERT_TRUE(got.has_value() && got->has_value());
  EXPECT_EQ(**got, (std::vector<int>{0, 10}));
  EXPECT_EQ(looks, 2);
}

TEST(Gather, OfNoLoopThereIsNothing) {
  TurnedLoop home;
  std::optional<Numbers> got;
  home.start(gather<int>({}, [](std::size_t) { return 1; }), got);
  ASSERT_TRUE(got.has_value() && got->has_value());
  EXPECT_TRUE((*got)->empty());
}

TEST(Gather, WhoIsCancelledLeavesAndTheLoopsMayLookLater) {
  TurnedLoop home, other;
  std::optional<Numbers> got;
  CancelScope scope;
  auto held = std::make_shared<int>(7);
  home.start(gather<int>({&other.loop}, [held](std::size_t) { return *held; }), got, &scope);
  scope.cancel(Status(Code::cancelled, "enough"));
  home.settle();
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->error().message(), "enough");
  other.settle();
  home.settle();
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace pintle

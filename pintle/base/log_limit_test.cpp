#include <pintle/base/log_limit.hpp>

#include <gtest/gtest.h>

namespace pintle {
namespace {

using namespace std::chrono_literals;

TEST(LogLimit, LetsAFewLinesPassInEachPeriodAndSaysHowManyItLeftOut) {
  LogLimit limit(2, 10s);
  const TimePoint start = TimePoint() + 1h;
  EXPECT_TRUE(limit.pass(start));
  EXPECT_TRUE(limit.pass(start + 1s));
  for (int i = 0; i < 7; ++i) EXPECT_FALSE(limit.pass(start + 9s));
  const auto next = limit.pass(start + 10s);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->left_out, 7);
  const auto after = limit.pass(start + 11s);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->left_out, 0);
  EXPECT_FALSE(limit.pass(start + 19s));
}

}  // namespace
}  // namespace pintle

#include <pintle/base/random.hpp>

#include <set>

#include <gtest/gtest.h>

namespace pintle {
namespace {

TEST(Random, IsInItsRangeAndSourcesDiffer) {
  const Random one = system_random(), other = system_random();
  std::set<double> found;
  for (int i = 0; i < 1000; ++i) {
    for (const Random& source : {one, other}) {
      const double x = source();
      ASSERT_GE(x, 0);
      ASSERT_LT(x, 1);
      found.insert(x);
    }
  }
  EXPECT_GT(found.size(), 1900u) << "2000 draws of 53 bits";
}

}  // namespace
}  // namespace pintle

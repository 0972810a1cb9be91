#include <gtest/gtest.h>

#include "domain/ids.hpp"
#include "domain/rules.hpp"
#include "testing/harness.hpp"

namespace items {
namespace {

using testing::Counting;
using testing::StillTime;

TEST(Ids, AreVersion7OfTheClock) {
  IdSource ids([] { return Time(std::chrono::milliseconds(0x017F22E279B0)); }, [] { return 0x8CD4'C0C8'DEFD'ABCDu; });
  const ItemId id = ids.next();
  // The milliseconds are those of RFC 9562's own example, appendix A.6.
  EXPECT_EQ(id.substr(0, 13), "017f22e2-79b0");
  EXPECT_EQ(id.substr(13, 2), "-7");
  EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos) << id;
  EXPECT_EQ(id.substr(24), "c0c8defdabcd");
  EXPECT_TRUE(may_be_id(id));
}

TEST(Ids, GrowEvenWhenTheClockStandsOrStepsBack) {
  StillTime time;
  IdSource ids([&] { return time.now; }, Counting());
  ItemId last = ids.next();
  for (int i = 0; i < 10'000; ++i) {
    if (i == 5000) time.now -= std::chrono::hours(1);
    const ItemId id = ids.next();
    ASSERT_LT(last, id);
    last = id;
  }
}

TEST(Ids, DifferAmongSourcesByTheirRandomness) {
  const auto time = [] { return StillTime().now; };
  IdSource one(time, system_randomness);
  IdSource other(time, system_randomness);
  EXPECT_NE(one.next(), other.next());
}

}  // namespace
}  // namespace items

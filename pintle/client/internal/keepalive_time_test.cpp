#include <pintle/client/internal/keepalive_time.hpp>

#include <gtest/gtest.h>

namespace pintle::client {
namespace {

using std::chrono::seconds;

TEST(KeepaliveTime, IsTenSecondsAtLeast) {
  EXPECT_EQ(KeepaliveTime(seconds(9)).get(), seconds(10));
  EXPECT_EQ(KeepaliveTime(Duration::zero()).get(), seconds(10));
  EXPECT_EQ(KeepaliveTime(seconds(11)).get(), seconds(11));
}

TEST(KeepaliveTime, ConnectionsThatHadTheSameDoubleItOnce) {
  KeepaliveTime time(seconds(60));
  EXPECT_EQ(time.too_short(seconds(60)), seconds(120));
  EXPECT_EQ(time.too_short(seconds(60)), seconds(120)) << "another loop's connection of the same age";
  EXPECT_EQ(time.too_short(seconds(120)), seconds(240));
  EXPECT_EQ(time.too_short(seconds(60)), seconds(240)) << "an old connection never makes it shorter";
  EXPECT_EQ(time.get(), seconds(240));
}

TEST(KeepaliveTime, NeverStaysNever) {
  KeepaliveTime never(Duration::max());
  EXPECT_EQ(never.too_short(Duration::max()), Duration::max());
  KeepaliveTime huge(Duration::max() / 2 + Duration(1));
  EXPECT_EQ(huge.too_short(huge.get()), Duration::max());
}

}  // namespace
}  // namespace pintle::client

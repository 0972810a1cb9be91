#include <pintle/middleware/rate_limit/rate_limiter.hpp>

#include <gtest/gtest.h>

namespace pintle {
namespace {

using namespace std::chrono_literals;

// How many of the calls that come every `gap` are let through in ten seconds from the first.
std::uint64_t in_ten_seconds(double rate, std::uint32_t burst, Duration gap) {
  TokenBucket bucket;
  const TokenBucket::Rate limit(rate, burst);
  std::uint64_t passed = 0;
  for (Duration now = 1h; now < 1h + 10s; now += gap) passed += bucket.take(limit, now) ? 0 : 1;
  return passed;
}

TEST(TokenBucket, IsExactOverTenSeconds) {
  for (const double rate : {1.0, 3.0, 7.5, 1000.0, 30'000.0, 33'333.0, 50'000.0}) {
    const double wanted = rate * 10;
    EXPECT_NEAR(static_cast<double>(in_ten_seconds(rate, 2, 997ns)), wanted + 1, 1) << rate;
    EXPECT_NEAR(static_cast<double>(in_ten_seconds(rate, 10, 997ns)), wanted + 9, 1) << rate << " with a burst";
  }
  EXPECT_EQ(in_ten_seconds(1000, 1, 10ms), 1000u) << "fewer than it allows";
}

TEST(TokenBucket, HoldsAsMuchAsCanBeSaid) {
  TokenBucket bucket;
  const TokenBucket::Rate rate(0.001, 290'000);  // 290 000 000 seconds, in sixty-fourths of nanoseconds
  for (int i = 0; i < 100'000; ++i) ASSERT_FALSE(bucket.take(rate, 1h)) << i;
}

TEST(TokenBucket, SaysWhenThereIsAToken) {
  TokenBucket bucket;
  const TokenBucket::Rate rate(2, 3);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(bucket.take(rate, 1s));
  EXPECT_EQ(bucket.take(rate, 1s), 500ms);
  EXPECT_EQ(bucket.take(rate, 1200ms), 300ms) << "a refusal costs nothing";
  EXPECT_FALSE(bucket.take(rate, 1500ms));
  EXPECT_TRUE(bucket.take(rate, 1500ms));
  EXPECT_FALSE(bucket.is_full(2s));
  EXPECT_TRUE(bucket.is_full(1h));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(bucket.take(rate, 1h)) << "never more than the burst";
  EXPECT_TRUE(bucket.take(rate, 1h));
}

TEST(RateLimiter, EachKeyHasItsOwn) {
  RateLimiter limiter(1, 2, 1000, TimePoint(1s));
  for (const char* key : {"anna", "bert", ""})
    for (const bool refused : {false, false, true})
      EXPECT_EQ(limiter.take(key, TimePoint(2s)).has_value(), refused) << key;
  EXPECT_EQ(limiter.keys(), 2u);
}

TEST(RateLimiter, KeysWithoutEndCostNoMemoryAndNobodyElseHisOwn) {
  RateLimiter limiter(1, 1, 160, TimePoint(0s));
  EXPECT_FALSE(limiter.take("anna", TimePoint(1s)));
  int passed = 0;
  for (int i = 0; i < 100'000; ++i) passed += limiter.take("stranger" + std::to_string(i), TimePoint(1s)) ? 0 : 1;
  EXPECT_LE(limiter.keys(), 160u);
  EXPECT_LE(passed, 161) << "those without room share one";
  EXPECT_TRUE(limiter.take("anna", TimePoint(1s)));
  EXPECT_FALSE(limiter.take("anna", TimePoint(2s)));
  EXPECT_FALSE(limiter.take("new", TimePoint(10s))) << "buckets that are full are forgotten";
}

}  // namespace
}  // namespace pintle

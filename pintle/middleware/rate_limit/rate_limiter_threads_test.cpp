#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <pintle/middleware/rate_limit/rate_limiter.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;

TEST(RateLimiterThreads, ManyThreadsTakeNoMoreThanThereIs) {
  RateLimiter limiter(30'000, 10, 100, TimePoint(0s));
  std::atomic<std::int64_t> now = 1'000'000'000, passed = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      while (now.load() < 2'000'000'000) {
        const auto at = TimePoint(Duration(now.fetch_add(2'000)));
        for (const char* key : {"", "shared"})
          if (!limiter.take(key, at)) passed.fetch_add(1);
      }
    });
  threads.clear();
  EXPECT_NEAR(static_cast<double>(passed.load()), 60'000 + 18, 10) << "two buckets for a second, each with its burst";
}

}  // namespace
}  // namespace pintle

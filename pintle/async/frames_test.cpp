#include <pintle/async/frames.hpp>

#include <vector>

#include <gtest/gtest.h>

#include <pintle/async/internal/turned_loop.hpp>

namespace pintle::detail {
namespace {

constexpr std::size_t kFloor = FramePool::kFloor;

// `n` frames at the same time, of two sizes.
struct Pool : FramePool {
  ~Pool() { clear(); }
};

void use(FramePool& pool, std::size_t n) {
  std::vector<void*> frames;
  for (std::size_t i = 0; i < n; ++i) frames.push_back(pool.allocate(i % 2 == 0 ? 100 : 1000));
  for (std::size_t i = 0; i < n; ++i) pool.release(frames[i], i % 2 == 0 ? 100 : 1000);
}

TEST(FramePool, AFrameThatWasFreedIsUsedAgain) {
  Pool pool;
  void* first = pool.allocate(100);
  pool.release(first, 100);
  EXPECT_EQ(pool.spare(), 1u);
  void* second = pool.allocate(120);
  EXPECT_EQ(second, first) << "of the same class";
  EXPECT_EQ(pool.spare(), 0u);
  pool.release(second, 120);
}

TEST(FramePool, AfterASpikeItHalvesDownToItsFloor) {
  Pool pool;
  use(pool, 40 * kFloor);
  pool.halve();
  EXPECT_EQ(pool.spare(), 40 * kFloor) << "they were used just now";
  pool.halve();
  EXPECT_LE(pool.spare(), 21 * kFloor);
  EXPECT_GE(pool.spare(), 20 * kFloor);
  for (int i = 0; i < 40; ++i) pool.halve();
  EXPECT_LE(pool.spare(), kFloor);
  EXPECT_GE(pool.spare(), kFloor - 64);
}

TEST(FramePool, WhatIsInUseStays) {
  Pool pool;
  use(pool, 4 * kFloor);
  for (int i = 0; i < 20; ++i) {
    use(pool, 4 * kFloor);
    pool.halve();
  }
  EXPECT_EQ(pool.spare(), 4 * kFloor);
}

// In builds where frames are pooled at all this is what the loop does by itself.
TEST(FramePool, ALoopTidiesItsThreadsPool) {
  test::TurnedLoop turned;
  use(Frames::here(), 40 * kFloor);
  turned.turn();
  ASSERT_TRUE(turned.loop.next_timer().has_value());
  for (int i = 0; i < 40; ++i) turned.pass(std::chrono::seconds(1));
  EXPECT_LE(Frames::here().spare(), kFloor);
  EXPECT_FALSE(turned.loop.next_timer().has_value()) << "no timer without need";
}

}  // namespace
}  // namespace pintle::detail

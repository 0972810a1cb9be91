#include <pintle/app/internal/heap.hpp>

#include <gtest/gtest.h>

#include <pintle/testing/kit/test_loop.hpp>

namespace pintle {
namespace {

constexpr std::size_t kMuch = 2 * HeapTrimmer::kWorthIt;

class Heap : public ::testing::Test {
 protected:
  Heap() {
    trims = 0;
    trimmer_.start();
  }
  static void trim() noexcept { ++trims; }
  void seconds(int n) { loop_.advance(std::chrono::seconds(n)); }

  static inline int trims = 0;
  testing::TestLoop loop_;
  std::shared_ptr<MemoryBudget> budget_ = std::make_shared<MemoryBudget>(1 << 30);
  MemoryAccount account_{budget_};
  HeapTrimmer trimmer_{loop_.loop(), loop_.workers(), budget_, trim};
};

TEST_F(Heap, IsTrimmedOnceWhenThePeersAreGone) {
  account_.charge(kMuch);
  seconds(5);
  EXPECT_EQ(trims, 0) << "it is in use";
  account_.give_back(kMuch);
  seconds(2);
  EXPECT_EQ(trims, 1);
  seconds(60);
  EXPECT_EQ(trims, 1);
}

TEST_F(Heap, IsTrimmedAfterAPeakThatNobodySaw) {
  account_.charge(kMuch);
  account_.give_back(kMuch);
  seconds(1);
  EXPECT_EQ(trims, 1);
}

TEST_F(Heap, IsNotTrimmedForLittleNorWhileTheUseGrows) {
  account_.charge(HeapTrimmer::kWorthIt / 2);
  account_.give_back(HeapTrimmer::kWorthIt / 2);
  seconds(3);
  account_.charge(4 * kMuch);
  account_.give_back(3 * kMuch);
  seconds(1);
  EXPECT_EQ(trims, 0) << "more is used than a second ago";
  seconds(1);
  EXPECT_EQ(trims, 1);
}

TEST_F(Heap, IsLeftAloneOnceStopped) {
  account_.charge(kMuch);
  account_.give_back(kMuch);
  trimmer_.stop();
  seconds(3);
  EXPECT_EQ(trims, 0);
}

}  // namespace
}  // namespace pintle

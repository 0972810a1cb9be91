#include <pintle/base/memory_budget.hpp>

#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

namespace pintle {
namespace {

constexpr std::size_t kBatch = MemoryBudget::kBatch;

TEST(MemoryBudget, HearsOfAnAccountInBatchesAndOfItsEmptinessAtOnce) {
  auto budget = std::make_shared<MemoryBudget>(10 * kBatch);
  MemoryAccount account(budget);
  account.charge(kBatch);
  EXPECT_EQ(account.held(), kBatch);
  EXPECT_EQ(budget->used(), 0u) << "not yet worth telling";
  account.charge(1);
  EXPECT_EQ(budget->used(), kBatch + 1);
  account.give_back(kBatch);
  EXPECT_EQ(budget->used(), kBatch + 1);
  account.give_back(1);
  EXPECT_EQ(account.held(), 0u);
  EXPECT_EQ(budget->used(), 0u);
}

TEST(MemoryBudget, RemembersItsPeakUntilItIsTaken) {
  auto budget = std::make_shared<MemoryBudget>(10 * kBatch);
  MemoryAccount account(budget);
  account.charge(5 * kBatch);
  account.give_back(3 * kBatch);
  EXPECT_EQ(budget->take_peak(), 5 * kBatch);
  EXPECT_EQ(budget->take_peak(), 2 * kBatch) << "what there is";
  account.give_back(2 * kBatch);
  EXPECT_EQ(budget->take_peak(), 2 * kBatch);
  EXPECT_EQ(budget->take_peak(), 0u);
}

TEST(MemoryBudget, WhatAnAccountHoldsLeavesWithIt) {
  auto budget = std::make_shared<MemoryBudget>(10 * kBatch);
  std::optional<MemoryAccount> one(budget), two(budget);
  one->charge(2 * kBatch);
  two->charge(3 * kBatch);
  EXPECT_EQ(budget->used(), 5 * kBatch);
  one.reset();
  EXPECT_EQ(budget->used(), 3 * kBatch);
}

TEST(MemoryBudget, TheLevelIsNearFromItsShareOnAndOverAboveTheLimit) {
  auto budget = std::make_shared<MemoryBudget>(10 * kBatch, 0.5);
  MemoryAccount account(budget);
  EXPECT_EQ(budget->level(), MemoryLevel::ok);
  account.charge(5 * kBatch);
  EXPECT_EQ(budget->level(), MemoryLevel::near);
  account.charge(5 * kBatch);
  EXPECT_EQ(budget->level(), MemoryLevel::near) << "the limit itself may be used";
  account.charge(kBatch + 1);
  EXPECT_EQ(budget->level(), MemoryLevel::over);
  account.give_back(11 * kBatch + 1);
  EXPECT_EQ(budget->level(), MemoryLevel::ok);
}

TEST(MemoryShare, IsGreedyWhenItHoldsMoreThanItsPartWhileThereIsNotEnough) {
  auto budget = std::make_shared<MemoryBudget>(40 * kBatch, 0.5);
  MemoryAccount account(budget), other(budget);
  MemoryShare one, two;
  one.charge_to(&account);
  two.charge_to(&other);
  one.charge(19 * kBatch);
  EXPECT_FALSE(one.is_greedy()) << "there is enough";
  two.charge(2 * kBatch);
  EXPECT_EQ(budget->fair_share(), 10 * kBatch) << "half of the limit for two";
  EXPECT_TRUE(one.is_greedy());
  EXPECT_FALSE(two.is_greedy());
  one.give_back(9 * kBatch);
  EXPECT_FALSE(one.is_greedy());
}

TEST(MemoryShare, ThoseThatHoldLittleTakeNobodysPart) {
  auto budget = std::make_shared<MemoryBudget>(40 * kBatch, 0.5);
  MemoryAccount account(budget);
  MemoryShare much;
  std::vector<std::unique_ptr<MemoryShare>> little;
  much.charge_to(&account);
  much.charge(MemoryBudget::kLittle + 1);
  for (int i = 0; i < 100; ++i) {
    little.push_back(std::make_unique<MemoryShare>());
    little.back()->charge_to(&account);
    little.back()->charge(MemoryBudget::kLittle);
  }
  EXPECT_EQ(budget->fair_share(), 20 * kBatch);
  for (const auto& share : little) {
    EXPECT_FALSE(share->is_greedy());
    share->charge(1);
  }
  EXPECT_EQ(budget->fair_share(), MemoryBudget::kLittle) << "each may hold as much, however many they are";
  little.clear();
  EXPECT_EQ(budget->fair_share(), 20 * kBatch);
}

TEST(MemoryShare, WhatItHoldsGoesWithItAndLeavesWithIt) {
  auto budget = std::make_shared<MemoryBudget>(40 * kBatch);
  MemoryAccount account(budget), other(budget);
  {
    MemoryShare share;
    share.charge(5);
    EXPECT_EQ(share.held(), 0u) << "nobody counts";
    share.charge_to(&account);
    share.charge(2 * kBatch);
    share.charge_to(&other);
    EXPECT_EQ(account.held(), 0u);
    EXPECT_EQ(other.held(), 2 * kBatch);
    EXPECT_EQ(share.held(), 2 * kBatch);
  }
  EXPECT_EQ(other.held(), 0u);
  EXPECT_EQ(budget->used(), 0u);
  EXPECT_EQ(budget->fair_share(), 20 * kBatch) << "no holder is left over";
}

TEST(MemoryCharge, FollowsASizeAndGivesAllBack) {
  MemoryAccount first(std::make_shared<MemoryBudget>(1)), second(std::make_shared<MemoryBudget>(1));
  {
    MemoryCharge charge(&first);
    charge.set(10);
    charge.set(4);
    EXPECT_EQ(first.held(), 4u);
    charge.charge_to(&second);
    EXPECT_EQ(first.held(), 0u);
    EXPECT_EQ(second.held(), 4u);
  }
  EXPECT_EQ(second.held(), 0u);
  MemoryCharge nowhere;
  nowhere.set(7);
}

}  // namespace
}  // namespace pintle

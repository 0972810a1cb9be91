#include <pintle/base/memory_budget.hpp>

#include <optional>

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

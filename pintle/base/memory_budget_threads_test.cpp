// Two loops, each with its account: nothing is lost between them.
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <pintle/base/memory_budget.hpp>

namespace pintle {
namespace {

TEST(MemoryBudgetThreads, WhatTwoLoopsChargeAndGiveBackAddsUpToTheByte) {
  auto budget = std::make_shared<MemoryBudget>(1 << 30);
  constexpr std::size_t kLeft = 3 * MemoryBudget::kBatch;
  {
    std::vector<std::unique_ptr<MemoryAccount>> accounts;
    for (int i = 0; i < 2; ++i) accounts.push_back(std::make_unique<MemoryAccount>(budget));
    {
      std::vector<std::jthread> threads;
      for (auto& account : accounts) {
        threads.emplace_back([&account] {
          for (std::size_t i = 0; i < 100'000; ++i) {
            account->charge(i);
            (void)account->budget().level();
            account->give_back(i);
          }
          account->charge(kLeft);
        });
      }
    }
    EXPECT_EQ(budget->used(), 2 * kLeft);
  }
  EXPECT_EQ(budget->used(), 0u);
}

}  // namespace
}  // namespace pintle

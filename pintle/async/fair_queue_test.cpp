#include <pintle/async/fair_queue.hpp>

#include <array>
#include <deque>
#include <string>

#include <gtest/gtest.h>

namespace pintle::detail {
namespace {

class Fair : public ::testing::Test {
 protected:
  struct Named : FairQueue::Entry {
    std::string name;
  };
  // "a1" is done for a, on the loop of that name.
  Named& job(std::string name, char loop = 0) {
    Named& made = jobs_.emplace_back();
    made.whom = &whom_.at(static_cast<std::size_t>(name.front()));
    made.lane = loop != 0 ? &loops_.at(static_cast<std::size_t>(loop)) : nullptr;
    made.name = std::move(name);
    return made;
  }
  Named& push(std::string name, char loop = 0) {
    Named& made = job(std::move(name), loop);
    queue_.push(made);
    return made;
  }
  static std::string name(const FairQueue::Entry* entry) {
    return entry == nullptr ? "none" : static_cast<const Named*>(entry)->name;
  }
  std::string pop() { return name(queue_.pop()); }
  std::string pop_all() {
    std::string all;
    while (FairQueue::Entry* entry = queue_.pop()) all += (all.empty() ? "" : " ") + name(entry);
    return all;
  }
  const void* loop(char c) const { return &loops_.at(static_cast<std::size_t>(c)); }

  FairQueue queue_;
  std::deque<Named> jobs_;
  std::array<char, 128> whom_{}, loops_{};
};

TEST_F(Fair, OwnersTakeTurnsAndTheirJobsKeepTheirOrder) {
  for (const char* name : {"a1", "a2", "a3", "b1", "c1", "b2"}) push(name);
  EXPECT_EQ(queue_.size(), 6u);
  EXPECT_EQ(pop_all(), "a1 b1 c1 a2 b2 a3");
  EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(Fair, ANewcomerWaitsForOneRoundWhateverIsQueued) {
  for (int i = 0; i < 100; ++i) push("a" + std::to_string(i));
  pop();
  push("b");
  EXPECT_EQ(pop(), "a1");
  EXPECT_EQ(pop(), "b");
}

TEST_F(Fair, LoopsTakeTurnsToo) {
  for (const char* name : {"a1", "b1", "c1"}) push(name, 'x');
  push("d1", 'y');
  EXPECT_EQ(pop_all(), "a1 d1 b1 c1");
}

TEST_F(Fair, ALoopThatDoesNotTakeItsResultsIsPassedOver) {
  for (std::size_t i = 0; i < FairQueue::kUnclaimed + 2; ++i) push("a" + std::to_string(i), 'x');
  for (std::size_t i = 0; i < FairQueue::kUnclaimed; ++i) EXPECT_EQ(pop(), "a" + std::to_string(i));
  EXPECT_EQ(pop(), "none");
  push("b", 'y');
  EXPECT_EQ(pop(), "b");
  EXPECT_EQ(pop(), "none");
  EXPECT_FALSE(queue_.claim(loop('y'))) << "it had room before";
  EXPECT_TRUE(queue_.claim(loop('x')));
  EXPECT_EQ(pop(), "a8");
  EXPECT_EQ(pop(), "none");
  EXPECT_EQ(name(queue_.pop_any()), "a9");
}

TEST_F(Fair, ThoseWithoutALoopAreNeverPassedOver) {
  for (std::size_t i = 0; i < 2 * FairQueue::kUnclaimed; ++i) push("a");
  for (std::size_t i = 0; i < 2 * FairQueue::kUnclaimed; ++i) EXPECT_EQ(pop(), "a");
}

TEST_F(Fair, AnErasedJobIsGoneAndItsOwnersTurnWithTheLast) {
  push("a1");
  Named& b1 = push("b1");
  Named& a2 = push("a2");
  push("c1");
  EXPECT_TRUE(b1.queued());
  EXPECT_TRUE(queue_.erase(b1));
  EXPECT_FALSE(b1.queued());
  EXPECT_FALSE(queue_.erase(b1));
  EXPECT_TRUE(queue_.erase(a2));
  EXPECT_EQ(pop_all(), "a1 c1");
  queue_.push(b1);
  EXPECT_EQ(pop_all(), "b1") << "it may come again";
}

TEST_F(Fair, TheNewestOfWhoHasMostGivesWayToWhoHasFewer) {
  for (const char* name : {"a1", "a2", "a3", "b1"}) push(name);
  EXPECT_EQ(name(queue_.displace_for(job("c1"))), "a3");
  EXPECT_EQ(name(queue_.displace_for(job("b2"))), "none") << "two are not two more than one";
  EXPECT_EQ(name(queue_.displace_for(job("a4"))), "none") << "nobody has more";
  EXPECT_EQ(name(queue_.displace_for(job("c1"))), "a2");
  EXPECT_EQ(name(queue_.displace_for(job("c1"))), "none") << "all have one at most";
  EXPECT_EQ(pop_all(), "a1 b1");
}

}  // namespace
}  // namespace pintle::detail

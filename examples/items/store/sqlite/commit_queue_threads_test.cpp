#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "store/sqlite/commit_queue.hpp"
#include "testing/harness.hpp"

namespace items {
namespace {

constexpr Sql kTable = "CREATE TABLE counts (thread INTEGER NOT NULL, number INTEGER NOT NULL)";
constexpr Sql kInsert = "INSERT INTO counts (thread, number) VALUES (?1, ?2)";
constexpr Sql kCount = "SELECT count(*) FROM counts";

class CommitQueueThreads : public ::testing::Test {
 protected:
  std::unique_ptr<Connection> connect() const {
    return Connection::open(folder_.file("counts.db"), Connection::Mode::write, 0).value();
  }
  CommitQueueThreads() : queue_(connect()) { EXPECT_TRUE(queue_.connection().script(kTable)); }

  // What another connection sees: only what is committed.
  std::int64_t committed() const {
    const auto other = connect();
    Statement count = other->statement(kCount).value();
    EXPECT_TRUE(count.step().value());
    return count.read_integer();
  }
  static Outcome<void> insert(Connection& connection, int thread, int number) {
    Statement statement = connection.statement(kInsert).value();
    const Outcome<std::int64_t> done = statement.integer(thread).integer(number).run();
    if (!done) return std::unexpected(done.error());
    return {};
  }

  testing::TempFolder folder_;
  CommitQueue queue_;
};

TEST_F(CommitQueueThreads, WhatWasAcknowledgedIsCommittedAndNothingElse) {
  constexpr int kThreads = 8;
  constexpr int kChanges = 25;
  std::atomic<int> acknowledged = 0;
  std::latch start(kThreads);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      start.arrive_and_wait();
      for (int number = 0; number < kChanges; ++number) {
        const bool refused = number % 5 == 4;
        const Outcome<void> outcome = queue_.apply([&](Connection& connection) -> Outcome<void> {
          Outcome<void> done = insert(connection, thread, number);
          if (refused) return std::unexpected(Failure::sku_taken("x"));
          return done;
        });
        EXPECT_EQ(outcome.has_value(), !refused);
        acknowledged += outcome ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(acknowledged, kThreads * kChanges / 5 * 4);
  EXPECT_EQ(committed(), acknowledged);
}

TEST_F(CommitQueueThreads, WhoWaitedWhileOneCommittedIsCommittedTogether) {
  std::latch inside(1);
  std::latch go_on(1);
  std::thread leader([&] {
    EXPECT_TRUE(queue_.apply([&](Connection& connection) {
      inside.count_down();
      go_on.wait();
      return insert(connection, 0, 0);
    }));
  });
  inside.wait();
  std::vector<std::thread> followers;
  std::atomic<int> transactions = 0;
  for (int i = 1; i <= 6; ++i)
    followers.emplace_back([&, i] {
      EXPECT_TRUE(queue_.apply([&, i](Connection& connection) {
        transactions += committed() == 1 ? 1 : 0;  // nobody of the followers is committed before the last has changed
        return insert(connection, 1, i);
      }));
    });
  while (queue_.waiting() < 6) std::this_thread::yield();
  go_on.count_down();
  leader.join();
  for (std::thread& follower : followers) follower.join();
  EXPECT_EQ(transactions, 6);
  EXPECT_EQ(committed(), 7);
}

TEST_F(CommitQueueThreads, AChangeThatThrowsLeavesTheQueueWorking) {
  const Outcome<void> failed = queue_.apply([](Connection& connection) -> Outcome<void> {
    EXPECT_TRUE(insert(connection, 0, 0));
    throw std::runtime_error("no memory");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().fault(), Fault::database);
  EXPECT_EQ(committed(), 0);
  EXPECT_TRUE(queue_.apply([](Connection& connection) { return insert(connection, 0, 1); }));
  EXPECT_EQ(committed(), 1);
}

}  // namespace
}  // namespace items

#include <pintle/testing/kit/test_loop.hpp>

#include <stdexcept>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pintle/async/blocking.hpp>
#include <pintle/async/event.hpp>

namespace pintle::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

Task<Duration> nap(Duration d) {
  Loop& loop = *(co_await current_env()).loop;
  const TimePoint start = loop.now();
  (void)co_await sleep_for(d);
  co_return loop.now() - start;
}

TEST(TestLoop, RunsATaskToItsEndWithoutWaiting) {
  TestLoop loop;
  EXPECT_EQ(loop.run(nap(24h)), 24h);
}

TEST(TestLoop, FiresTimersOnTheWayEachAtItsOwnTime) {
  TestLoop loops(2);
  std::vector<int> order;
  const auto tick = [](std::vector<int>& o, Duration every, int name) -> Task<void> {
    for (int i = 0; i < 3; ++i) {
      (void)co_await sleep_for(every);
      o.push_back(name);
    }
  };
  auto slow = loops.start(tick(order, 3s, 3), 0);
  auto fast = loops.start(tick(order, 2s, 2), 1);
  loops.advance(6s);
  // At 2, 3, 4 and 6 seconds; at 6 both, in the order of the loops.
  EXPECT_THAT(order, ElementsAre(2, 3, 2, 3, 2));
  EXPECT_TRUE(fast.done());
  EXPECT_FALSE(slow.done());
  loops.advance(3s);
  EXPECT_TRUE(slow.done());
}

TEST(TestLoop, DoesBlockingWorkBetweenTheTurns) {
  TestLoop loop;
  const auto body = []() -> Task<Result<int>> { co_return co_await blocking([](int n) { return n + 1; }, 41); };
  EXPECT_EQ(loop.run(body()).value(), 42);
}

TEST(TestLoop, CancelsWhatItStarted) {
  TestLoop loop;
  const auto body = []() -> Task<Status> { co_return co_await sleep_for(1h); };
  auto running = loop.start(body());
  running.cancel(Status(Code::aborted, "test"));
  loop.run_until_idle();
  EXPECT_EQ(running.get(), Status(Code::aborted, "test"));
}

TEST(TestLoop, SaysSoWhenATaskCanNeverEnd) {
  Event never;
  TestLoop loop;
  const auto body = [](Event& e) -> Task<Status> { co_return co_await e.wait(); };
  EXPECT_THROW((void)loop.run(body(never)), std::logic_error);
  never.set();
  loop.run_until_idle();
}

TEST(TestLoop, ThrowsWhatLeavesTheTask) {
  TestLoop loop;
  const auto body = []() -> Task<int> {
    throw std::runtime_error("no");
    co_return 1;
  };
  EXPECT_THROW(loop.run(body()), std::runtime_error);
}

}  // namespace
}  // namespace pintle::testing

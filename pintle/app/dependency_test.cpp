#include <pintle/app/dependency.hpp>

#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pintle/testing/kit/test_loop.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

struct Lines final : LogSink {
  bool enabled(Level) const noexcept override { return true; }
  void write(Level, std::string_view message, std::span<const Field> fields) noexcept override {
    std::string line(message);
    for (const Field& f : fields) line += " " + std::string(std::get<std::string_view>(f.value));
    all.push_back(line);
  }
  std::vector<std::string> all;
};

struct Depends : ::testing::Test {
  // What the database is like: OK, a status, an exception, or silent.
  Task<Status> ping() {
    ++pings;
    if (silent) co_return co_await sleep_for(1h);
    if (!thrown.empty()) throw std::runtime_error(thrown);
    co_return answer;
  }
  testing::TestLoop loop;
  Status answer;
  std::string thrown;
  bool silent = false;
  int pings = 0;
  Dependency database{"database", [this]() -> Task<Status> { co_return co_await ping(); }};
};

TEST_F(Depends, IsAskedByWhoChecks) {
  EXPECT_EQ(database.state().get()->code(), Code::unavailable) << "nobody asked yet";
  EXPECT_EQ(loop.run(database.check()), Status());
  EXPECT_EQ(*database.state().get(), Status());
  answer = Status(Code::unavailable, "refused");
  EXPECT_EQ(loop.run(database.check()), answer);
  EXPECT_EQ(*database.state().get(), Status()) << "one failure is not enough";
  thrown = "no route";
  EXPECT_EQ(loop.run(database.check()), Status(Code::unknown, "no route"));
  silent = true;
  const TimePoint asked = loop.now();
  EXPECT_EQ(loop.run(database.check()).code(), Code::deadline_exceeded);
  EXPECT_EQ(loop.now() - asked, 1s);
}

TEST_F(Depends, IsDownAfterSoManyFailuresInARowAndUpAfterSoManySuccesses) {
  DependencyOptions options;
  options.failures = 3;
  options.successes = 2;
  Dependency cache("cache", [this]() -> Task<Status> { co_return co_await ping(); }, options);
  const Status down(Code::unavailable, "refused"), other(Code::unavailable, "no route");
  const auto state_after = [&](const Status& found) {
    answer = found;
    EXPECT_EQ(loop.run(cache.check()), found);
    return *cache.state().get();
  };
  EXPECT_EQ(state_after(Status()), Status()) << "the first check decides by itself";
  EXPECT_EQ(state_after(down), Status());
  EXPECT_EQ(state_after(down), Status());
  EXPECT_EQ(state_after(Status()), Status()) << "they must follow each other";
  EXPECT_EQ(state_after(down), Status());
  EXPECT_EQ(state_after(down), Status());
  EXPECT_EQ(state_after(down), down);
  EXPECT_EQ(state_after(other), other) << "down for another reason";
  EXPECT_EQ(state_after(Status()), other);
  EXPECT_EQ(state_after(Status()), Status());
}

TEST_F(Depends, IsDownFromTheStartWhenTheFirstCheckFails) {
  answer = Status(Code::unavailable, "refused");
  EXPECT_EQ(loop.run(database.check()), answer);
  EXPECT_EQ(*database.state().get(), answer);
}

TEST_F(Depends, KeepsItsStateWhenACheckIsCancelled) {
  EXPECT_EQ(loop.run(database.check()), Status());
  silent = true;
  auto check = loop.start(database.check());
  check.cancel(Status(Code::cancelled, "the prober left"));
  loop.run_until_idle();
  EXPECT_EQ(check.get(), Status(Code::cancelled, "the prober left"));
  EXPECT_EQ(*database.state().get(), Status());
}

TEST_F(Depends, IsWatchedUntilTheProcessDrains) {
  Lines lines;
  Lifecycle lifecycle;
  lifecycle.enter(Phase::serving);
  auto watching = loop.start(database.watch(lifecycle, Logger(&lines)));
  EXPECT_EQ(pings, 1);
  answer = Status(Code::unavailable, "refused");
  loop.advance(10s);
  EXPECT_EQ(pings, 2);
  EXPECT_EQ(lines.all.size(), 1u);
  loop.advance(2s);
  EXPECT_EQ(pings, 4) << "it is asked more often while it fails";
  answer = Status();
  loop.advance(1s);
  EXPECT_EQ(pings, 5);
  loop.advance(9s);
  EXPECT_EQ(pings, 5);
  EXPECT_THAT(lines.all,
              ElementsAre("a dependency is up database", "a dependency is down database UNAVAILABLE: refused",
                          "a dependency is up database"));
  lifecycle.enter(Phase::draining);
  loop.run_until_idle();
  ASSERT_TRUE(watching.done());
  EXPECT_EQ(watching.get(), Status());
}

TEST(LifecycleOfAProcess, GoesForwardOnlyAndTellsWhoWaits) {
  testing::TestLoop loops(2);
  Lifecycle lifecycle;
  EXPECT_EQ(lifecycle.phase(), Phase::starting);
  auto serving = loops.start(lifecycle.reached(Phase::serving), 0);
  auto draining = loops.start(lifecycle.reached(Phase::draining), 1);
  auto cancelled = loops.start(lifecycle.reached(Phase::draining), 0);
  lifecycle.enter(Phase::serving);
  cancelled.cancel(Status(Code::cancelled, "left"));
  loops.run_until_idle();
  EXPECT_TRUE(serving.done());
  EXPECT_FALSE(draining.done());
  EXPECT_EQ(cancelled.get(), Status(Code::cancelled, "left"));
  lifecycle.enter(Phase::stopped);
  lifecycle.enter(Phase::serving);
  EXPECT_EQ(lifecycle.phase(), Phase::stopped);
  loops.run_until_idle();
  EXPECT_EQ(draining.get(), Status()) << "a phase that was passed counts as reached";
}

}  // namespace
}  // namespace pintle

#include <pintle/async/blocking.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <pintle/async/internal/turned_loop.hpp>

namespace pintle {
namespace {

int length(const std::string& s) { return static_cast<int>(s.size()); }
void nothing() {}
Status refuse() { return not_found("gone"); }
Result<int> parse(int n) {
  if (n < 0) return invalid_argument("negative");
  return n;
}
int broken() { throw std::runtime_error("disk"); }

static_assert(std::is_same_v<decltype(blocking(length, "x").await_resume()), Result<int>>);
static_assert(std::is_same_v<decltype(blocking(nothing).await_resume()), Status>);
static_assert(std::is_same_v<decltype(blocking(refuse).await_resume()), Status>);
static_assert(std::is_same_v<decltype(blocking(parse, 1).await_resume()), Result<int>>);

// The loop of these tests has a pool without threads and with room for two: its work is done when the test says so.
struct BlockingCall : ::testing::Test {
  test::TurnedLoop t;
  static Root ignored(Task<Result<int>> task) { (void)co_await std::move(task); }
  Task<Result<int>> measure(std::string s) { co_return co_await blocking(length, std::move(s)); }
};

TEST_F(BlockingCall, ResumesWithTheResult) {
  std::optional<Result<int>> done;
  t.start(measure("four"), done);
  EXPECT_FALSE(done);
  EXPECT_TRUE(t.workers.run_one());
  EXPECT_FALSE(done) << "it resumes on its loop, not on the worker";
  t.settle();
  EXPECT_EQ(done->value(), 4);
}

TEST_F(BlockingCall, PassesErrorsAndExceptionsOn) {
  const auto body = []() -> Task<std::string> {
    std::string all = (co_await blocking(refuse)).to_string();
    all += ", " + (co_await blocking(parse, -1)).error().to_string();
    try {
      (void)co_await blocking(broken);
    } catch (const std::runtime_error& e) {
      all += ", " + std::string(e.what());
    }
    co_return all;
  };
  std::optional<std::string> done;
  t.start(body(), done);
  while (t.workers.run_one()) t.settle();
  EXPECT_EQ(done, "NOT_FOUND: gone, INVALID_ARGUMENT: negative, disk");
}

TEST_F(BlockingCall, MovesItsArguments) {
  const auto body = [](std::unique_ptr<int> p) -> Task<Result<int>> {
    co_return co_await blocking([](std::unique_ptr<int> q) { return *q; }, std::move(p));
  };
  std::optional<Result<int>> done;
  t.start(body(std::make_unique<int>(9)), done);
  t.workers.run_one();
  t.settle();
  EXPECT_EQ(done->value(), 9);
}

TEST_F(BlockingCall, IsRefusedWhenTheQueueIsFull) {
  std::optional<Result<int>> a, b, c;
  t.start(measure("1"), a);
  t.start(measure("22"), b);
  t.start(measure("333"), c);
  ASSERT_TRUE(c);
  EXPECT_EQ(c->error().code(), Code::resource_exhausted);
  while (t.workers.run_one()) {
  }
  t.settle();
  EXPECT_EQ(a->value(), 1);
  EXPECT_EQ(b->value(), 2);
}

TEST_F(BlockingCall, NeverStartsWhenItIsCancelledInTheQueue) {
  CancelScope scope;
  std::optional<Result<int>> a, b;
  t.start(measure("1"), a, &scope);
  t.start(measure("22"), b);
  scope.cancel(Status(Code::cancelled, "client left"));
  EXPECT_EQ(t.workers.queued(), 1u);
  t.settle();
  EXPECT_EQ(a->error(), Status(Code::cancelled, "client left"));
  t.workers.run_one();
  t.settle();
  EXPECT_EQ(b->value(), 2);
}

TEST_F(BlockingCall, GivesAStatusForWorkThatReturnsNothing) {
  const auto body = []() -> Task<Status> { co_return co_await blocking(nothing); };
  std::optional<Status> done;
  t.start(body(), done);
  t.workers.run_one();
  t.settle();
  EXPECT_TRUE(done && done->ok());
}

TEST_F(BlockingCall, IsAwaitedToItsEndOnceItHasStarted) {
  CancelScope scope;
  const auto body = [](CancelScope& s) -> Task<Result<int>> {
    co_return co_await blocking(
        [](CancelScope* inner) {  // stands for a cancel that comes while the work runs
          inner->cancel(Status(Code::cancelled));
          return 5;
        },
        &s);
  };
  std::optional<Result<int>> done;
  t.start(body(scope), done, &scope);
  t.workers.run_one();
  t.settle();
  ASSERT_TRUE(done && done->has_value());
  EXPECT_EQ(done->value(), 5);
}

TEST_F(BlockingCall, DoesNotStartInACancelledScope) {
  CancelScope scope;
  scope.cancel(Status(Code::deadline_exceeded, "late"));
  std::optional<Result<int>> done;
  t.start(measure("x"), done, &scope);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->error(), Status(Code::deadline_exceeded, "late"));
}

TEST_F(BlockingCall, IsRefusedByALoopWithoutWorkersAndByAStoppedPool) {
  std::optional<Result<int>> a, b;
  t.loop.set_workers(nullptr);
  t.start(measure("x"), a);
  EXPECT_EQ(a->error().code(), Code::failed_precondition);
  t.loop.set_workers(&t.workers);
  t.start(measure("x"), b);
  t.workers.stop();
  t.settle();
  ASSERT_TRUE(b);
  EXPECT_EQ(b->error().code(), Code::cancelled) << "what waited when the pool stopped is told so";
}

// The pool has room for two.
TEST_F(BlockingCall, WhoHasMostWaitingGivesWayWhereTheQueueIsFull) {
  const int much = 0, little = 0;
  CancelScope greedy, modest;
  greedy.act_for(&much);
  modest.act_for(&little);
  std::optional<Result<int>> first, second, third, other;
  t.start(measure("1"), first, &greedy);
  t.start(measure("22"), second, &greedy);
  t.start(measure("333"), third, &greedy);
  ASSERT_TRUE(third) << "nobody has more";
  EXPECT_EQ(third->error().code(), Code::resource_exhausted);
  t.start(measure("4444"), other, &modest);
  t.settle();
  ASSERT_TRUE(second) << "the newest of who has most";
  EXPECT_EQ(second->error().code(), Code::resource_exhausted);
  EXPECT_FALSE(first || other);
  while (t.workers.run_one()) t.settle();
  EXPECT_EQ(first->value(), 1);
  EXPECT_EQ(other->value(), 4);
}

TEST_F(BlockingCall, NoMoreResultsAreMadeThanTheLoopTakes) {
  WorkerPoolOptions options;
  options.threads = 0;
  WorkerPool pool(options);
  t.loop.set_workers(&pool);
  std::vector<std::optional<Result<int>>> done(3 * detail::FairQueue::kUnclaimed);
  for (auto& d : done) t.start(measure("x"), d);
  std::size_t made = 0;
  while (pool.run_one()) ++made;
  EXPECT_EQ(made, detail::FairQueue::kUnclaimed);
  t.settle();
  made = 0;
  while (pool.run_one()) ++made;
  EXPECT_EQ(made, detail::FairQueue::kUnclaimed) << "they were taken";
  t.settle();
  while (pool.run_one()) t.settle();
  for (auto& d : done) EXPECT_TRUE(d);
  t.loop.set_workers(&t.workers);
}

TEST_F(BlockingCall, AResultThatNobodyWaitsForAnyMoreDoesNotCount) {
  WorkerPoolOptions options;
  options.threads = 0;
  WorkerPool pool(options);
  t.loop.set_workers(&pool);
  for (int round = 0; round < 3; ++round) {
    std::vector<Root> roots;
    for (std::size_t i = 0; i < detail::FairQueue::kUnclaimed; ++i) {
      roots.push_back(ignored(measure("x")));
      roots.back().start(t.env());
    }
    while (pool.run_one()) {
    }
    for (Root& root : roots) root.handle.destroy();
    t.settle();
  }
  std::optional<Result<int>> done;
  t.start(measure("four"), done);
  EXPECT_TRUE(pool.run_one());
  t.settle();
  EXPECT_EQ(done->value(), 4);
  t.loop.set_workers(&t.workers);
}

}  // namespace
}  // namespace pintle

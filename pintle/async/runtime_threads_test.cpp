#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <future>
#include <latch>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <pintle/async/blocking.hpp>
#include <pintle/async/event.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/async/sync_wait.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;

RuntimeOptions threads(std::size_t n) {
  RuntimeOptions o;
  o.threads = n;
  return o;
}

Task<std::size_t> my_loop() { co_return (co_await current_env()).loop->index(); }

TEST(Runtime, GivesEachLoopAThreadOfItsOwn) {
  Runtime runtime(threads(3));
  runtime.start();
  ASSERT_EQ(runtime.size(), 3u);
  std::set<std::thread::id> ids;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto id = [](Runtime& r) -> Task<std::thread::id> {
      Loop* mine = (co_await current_env()).loop;
      EXPECT_EQ(r.current(), mine);
      co_return std::this_thread::get_id();
    };
    ids.insert(sync_wait(runtime.loop(i), id(runtime)));
    EXPECT_EQ(sync_wait(runtime.loop(i), my_loop()), i);
  }
  EXPECT_EQ(ids.size(), 3u);
  EXPECT_EQ(runtime.current(), nullptr);
}

TEST(Runtime, TakesItsLoopsInTurn) {
  Runtime runtime(threads(3));
  std::vector<std::size_t> seen;
  for (int i = 0; i < 6; ++i) seen.push_back(runtime.next_loop().index());
  EXPECT_THAT(seen, ::testing::ElementsAre(0, 1, 2, 0, 1, 2));
}

// Many threads post while the loops fall asleep again and again: a lost wake-up would stop this test for ever.
TEST(Runtime, LosesNoPostedWorkAndKeepsTheOrderOfEachPoster) {
  Runtime runtime(threads(2));
  runtime.start();
  constexpr int kPosters = 4, kEach = 2000;
  std::latch all(kPosters * kEach);
  std::vector<std::vector<int>> seen(kPosters);  // each used on one loop only
  std::vector<std::thread> posters;
  for (int p = 0; p < kPosters; ++p) {
    posters.emplace_back([&, p] {
      Loop& loop = runtime.loop(static_cast<std::size_t>(p) % 2);
      for (int i = 0; i < kEach; ++i) {
        loop.post([&, p, i] {
          seen[static_cast<std::size_t>(p)].push_back(i);
          all.count_down();
        });
        if (i % 64 == 0) std::this_thread::yield();
      }
    });
  }
  for (auto& t : posters) t.join();
  all.wait();
  for (const auto& s : seen) {
    ASSERT_EQ(s.size(), static_cast<std::size_t>(kEach));
    EXPECT_TRUE(std::is_sorted(s.begin(), s.end()));
  }
}

// One item of work at a time bounces between two loops that are otherwise asleep.
TEST(Runtime, WakesASleepingLoopEachTime) {
  Runtime runtime(threads(2));
  runtime.start();
  std::latch done(1);
  std::function<void(int)> bounce = [&](int left) {
    if (left == 0) return done.count_down();
    runtime.loop(static_cast<std::size_t>(left) % 2).post([&, left] { bounce(left - 1); });
  };
  bounce(5000);
  done.wait();
}

TEST(Runtime, FiresTimersOfASleepingLoop) {
  Runtime runtime(threads(1));
  runtime.start();
  const auto body = []() -> Task<bool> {
    Loop& loop = *(co_await current_env()).loop;
    const TimePoint start = loop.now();
    for (const Duration d : {Duration(1ms), Duration(300us), Duration(0)}) {
      if (!(co_await sleep_for(d)).ok()) co_return false;
    }
    co_return loop.now() - start >= 1300us;
  };
  EXPECT_TRUE(sync_wait(runtime, body()));
}

TEST(Runtime, StopsFromOneOfItsOwnLoopsAndDropsLaterWork) {
  Runtime runtime(threads(2));
  runtime.start();
  runtime.loop(1).post([&] { runtime.stop(); });
  runtime.join();
  auto held = std::make_shared<int>(0);
  runtime.loop(0).post([held] {});
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_THROW(sync_wait(runtime, my_loop()), std::runtime_error);
}

TEST(Runtime, MayBeDestroyedWithoutHavingStarted) {
  Runtime runtime(threads(2));
  runtime.loop(0).post([] {});
}

TEST(SyncWait, GivesResultsAndThrowsWhatLeavesTheTask) {
  Runtime runtime(threads(1));
  runtime.start();
  const auto fail = []() -> Task<int> {
    throw std::runtime_error("no");
    co_return 1;
  };
  EXPECT_THROW(sync_wait(runtime, fail()), std::runtime_error);
  const auto nothing = []() -> Task<void> { co_return; };
  sync_wait(runtime, nothing());
  const auto on_itself = [](Runtime& r) -> Task<bool> {
    try {
      sync_wait(r.loop(0), my_loop());
    } catch (const std::logic_error&) {
      co_return true;
    }
    co_return false;
  };
  EXPECT_TRUE(sync_wait(runtime, on_itself(runtime)));
}

// By chance it worked, threw or hung: whoever drives a loop may not wait, for whatever loop of whatever runtime.
TEST(SyncWait, ThrowsOnEveryThreadThatDrivesALoop) {
  Runtime mine(threads(2)), other(threads(1));
  mine.start();
  other.start();
  const auto waits = [](Loop& target) -> Task<std::string> {
    try {
      co_return "waited for loop " + std::to_string(sync_wait(target, my_loop()));
    } catch (const std::logic_error& e) {
      co_return e.what();
    }
  };
  for (Loop* target : {&mine.loop(0), &mine.loop(1), &other.loop(0)})
    EXPECT_THAT(sync_wait(mine.loop(0), waits(*target)), ::testing::StartsWith("this thread drives a loop"));
  const auto on_a_worker = [](Loop& target) -> Task<Result<std::size_t>> {
    co_return co_await blocking([](Loop* l) { return sync_wait(*l, my_loop()); }, &target);
  };
  EXPECT_EQ(sync_wait(mine.loop(0), on_a_worker(mine.loop(1))), 1u) << "a worker's thread may wait";
}

TEST(SyncWait, ThrowsAtOnceWhenNobodyDrivesTheLoop) {
  Runtime never_started(threads(1));
  EXPECT_THROW(sync_wait(never_started, my_loop()), std::runtime_error);
}

TEST(SyncWait, IsForThreadsThatHaveStoppedDriving) {
  Runtime runtime(threads(1));
  runtime.start();
  const SteadyClock clock;
  {
    Loop by_hand(clock);
    by_hand.own();
    by_hand.own();
    EXPECT_THROW(sync_wait(runtime, my_loop()), std::logic_error);
    Loop second(clock);
    second.own();
    second.close();
    EXPECT_THROW(sync_wait(runtime, my_loop()), std::logic_error);
  }
  EXPECT_EQ(sync_wait(runtime, my_loop()), 0u);
}

int work(int n) { return n * 2; }

// A job that tells what its thread is called and how nice it is.
struct Introduction final : WorkerPool::Job {
  void run() noexcept override {
    std::array<char, 16> name{};
    ::pthread_getname_np(::pthread_self(), name.data(), name.size());
    told.set_value({name.data(), ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()))});
  }
  void dropped() noexcept override {}
  void displaced() noexcept override {}
  std::promise<std::pair<std::string, int>> told;
};

TEST(ComputeThreads, HaveAPoolOfTheirOwnAndStandBackBehindTheLoops) {
  Introduction worker, compute;
  Runtime runtime(threads(1));
  EXPECT_EQ(runtime.loop(0).compute(), &runtime.compute());
  EXPECT_NE(&runtime.compute(), &runtime.workers());
  const int own = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()));
  ASSERT_TRUE(runtime.workers().submit(worker) && runtime.compute().submit(compute));
  EXPECT_EQ(worker.told.get_future().get(), std::pair(std::string("pintle-work"), own));
  EXPECT_EQ(compute.told.get_future().get(), std::pair(std::string("pintle-compute"), 19)) << "19 is the most";
}

TEST(Blocking, RunsOnWorkersAndComesBackToItsLoop) {
  Runtime runtime(threads(2));
  runtime.start();
  const auto body = [](int n) -> Task<bool> {
    const auto loop_thread = std::this_thread::get_id();
    const Result<std::thread::id> worker = co_await blocking([] { return std::this_thread::get_id(); });
    const Result<int> twice = co_await blocking(work, n);
    co_return worker.value() != loop_thread&& std::this_thread::get_id() == loop_thread&& twice.value() == 2 * n;
  };
  for (int i = 0; i < 50; ++i) EXPECT_TRUE(sync_wait(runtime, body(i)));
}

TEST(Blocking, NeverUsesMoreThreadsThanAllowedAndRefusesTheRest) {
  RuntimeOptions options = threads(1);
  options.workers.threads = 2;
  options.workers.max_queued = 3;
  Runtime runtime(options);
  runtime.start();
  // Two jobs hold the two threads, three wait, the sixth is refused.
  std::latch started(2);
  std::promise<void> gate;
  const std::shared_future<void> open = gate.get_future().share();
  std::atomic<int> at_once = 0, most = 0, ok = 0, refused = 0;
  std::latch over(6);
  const auto one = [](auto job, std::atomic<int>& good, std::atomic<int>& bad, std::latch& all) -> Task<void> {
    const Status status = co_await blocking(job);
    ++(status.ok() ? good : bad);
    all.count_down();
  };
  const auto job = [&, open] {
    const int now = ++at_once;
    for (int m = most; now > m && !most.compare_exchange_weak(m, now);) {
    }
    if (now <= 2 && !started.try_wait()) started.count_down();
    open.wait();
    --at_once;
  };
  const auto detach = [](Task<void> task) -> Root { co_await task; };
  Loop& loop = runtime.loop(0);
  for (int i = 0; i < 6; ++i) {
    loop.post([&] { detach(one(job, ok, refused, over)).start(Env{&loop, nullptr, nullptr}); });
    if (i == 1) started.wait();
  }
  sync_wait(runtime, my_loop());  // all six have been posted and begun
  gate.set_value();
  over.wait();
  EXPECT_EQ(ok, 5);
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(most, 2);
}

// Cancelling races with the worker that takes the job: either it never ran, or it is awaited to its end.
TEST(Blocking, EndsExactlyOnceWhenItIsCancelledAsItStarts) {
  Runtime runtime(threads(2));
  runtime.start();
  std::atomic<int> ran = 0;
  const auto body = [](std::atomic<int>& count) -> Task<int> {
    Env env = co_await current_env();
    int done = 0;
    for (int i = 0; i < 300; ++i) {
      CancelScope scope(env.scope);
      const auto inner = [](std::atomic<int>& c) -> Task<Status> { co_return co_await blocking([&c] { ++c; }); };
      std::optional<Status> status;
      const auto run = [](Task<Status> task, std::optional<Status>& out) -> Root { out = co_await task; };
      run(inner(count), status).start(Env{env.loop, &scope, nullptr});
      if (i % 3 != 0) co_await yield();
      scope.cancel(Status(Code::cancelled));
      while (!status) co_await yield();
      done += status->ok() ? 1 : 0;
    }
    co_return done;
  };
  const int done = sync_wait(runtime, body(ran));
  EXPECT_EQ(done, ran);
}

}  // namespace
}  // namespace pintle

// One value, watched on several loops while threads set it.
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <pintle/async/runtime.hpp>
#include <pintle/async/sync_wait.hpp>
#include <pintle/async/watched.hpp>

namespace pintle {
namespace {

RuntimeOptions threads(std::size_t n) {
  RuntimeOptions o;
  o.threads = n;
  return o;
}

// Follows the value until it is `last`; counts what went backwards.
Task<int> follow(const Watched<int>& watched, int last) {
  int backwards = 0;
  Snapshot<int> now = watched.get();
  while (*now < last) {
    Result<Snapshot<int>> next = co_await watched.changed(now.version);
    if (!next) co_return -1;
    if (next->version <= now.version || **next < *now) ++backwards;
    now = std::move(*next);
  }
  co_return backwards;
}

// A lost wake-up would stop this test for ever.
TEST(WatchedThreads, NoWatcherMissesTheLastValue) {
  Runtime runtime(threads(3));
  runtime.start();
  Watched<int> value(0);
  constexpr int kLast = 20'000;
  std::vector<std::thread> watchers;
  std::atomic<int> backwards = 0;
  for (std::size_t i = 0; i < 6; ++i)
    watchers.emplace_back([&, i] { backwards += sync_wait(runtime.loop(i % 3), follow(value, kLast)); });
  for (int i = 1; i <= kLast; ++i) {
    value.set(i);
    if (i % 16 == 0) std::this_thread::yield();
  }
  for (auto& w : watchers) w.join();
  EXPECT_EQ(backwards, 0);
}

TEST(WatchedThreads, WatchersMayLeaveWhileTheValueIsSet) {
  Runtime runtime(threads(2));
  runtime.start();
  Watched<int> value(0);
  std::atomic<bool> over = false;
  std::thread setter([&] {
    for (int i = 1; !over; ++i) value.set(i);
  });
  const auto come_and_go = [](const Watched<int>& w) -> Task<int> {
    const Env env = co_await current_env();
    const auto watch = [](const Watched<int>& v, bool& done) -> Root {
      (void)co_await v.changed(v.get().version);
      done = true;
    };
    int ended = 0;
    for (int i = 0; i < 2000; ++i) {
      CancelScope scope;
      bool done = false;
      watch(w, done).start(Env{env.loop, &scope, nullptr});
      if (i % 2 == 0) co_await yield();
      scope.cancel(Status(Code::cancelled));
      while (!done) co_await yield();  // NOLINT(bugprone-infinite-loop): the other coroutine ends it
      ++ended;
    }
    co_return ended;
  };
  EXPECT_EQ(sync_wait(runtime.loop(0), come_and_go(value)), 2000);
  EXPECT_EQ(sync_wait(runtime.loop(1), come_and_go(value)), 2000);
  over = true;
  setter.join();
}

}  // namespace
}  // namespace pintle

// A token that another thread pulls while scopes come and go on their loops.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include <pintle/async/cancel_token.hpp>
#include <pintle/async/internal/turned_loop.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/async/sync_wait.hpp>

namespace pintle {
namespace {

TEST(CancelToken, CancelsWhatIsTiedToItOnItsOwnLoop) {
  test::TurnedLoop t;
  CancelScope first, second, gone, late;
  const CancelToken token;
  const CancelLink to_first(&token, first, t.loop), to_second(&token, second, t.loop),
      to_nothing(nullptr, late, t.loop);
  {
    const CancelLink let_go(&token, gone, t.loop);
  }
  std::thread([copy = token] { copy.cancel(Status(Code::aborted, "enough")); }).join();
  EXPECT_TRUE(token.cancelled());
  EXPECT_FALSE(first.cancelled()) << "a scope is touched on its loop only";
  t.settle();
  EXPECT_EQ(first.status(), Status(Code::aborted, "enough"));
  EXPECT_EQ(first.cause(), CancelCause::caller);
  EXPECT_TRUE(second.cancelled());
  EXPECT_FALSE(gone.cancelled() || late.cancelled());
  token.cancel();
  const CancelLink at_once(&token, late, t.loop);
  EXPECT_EQ(late.status(), Status(Code::aborted, "enough")) << "the first status counts, also for who comes later";
}

TEST(CancelToken, MayBePulledAsAScopeLetsGo) {
  RuntimeOptions options;
  options.threads = 1;
  Runtime runtime(options);
  runtime.start();
  const auto tied = [](CancelToken token, std::atomic<bool>& running, int i) -> Task<bool> {
    const Env env = co_await current_env();
    CancelScope scope(env.scope);
    const CancelLink link(&token, scope, *env.loop);
    running = true;
    for (int k = i % 5; k > 0; --k) co_await yield();
    co_return true;
  };
  for (int i = 0; i < 500; ++i) {
    const CancelToken token;
    std::atomic<bool> running = false;
    std::thread puller([&] {
      while (!running) std::this_thread::yield();
      token.cancel();
    });
    EXPECT_TRUE(sync_wait(runtime, tied(token, running, i)));
    puller.join();
  }
}

}  // namespace
}  // namespace pintle

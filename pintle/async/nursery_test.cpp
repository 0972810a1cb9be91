#include <pintle/async/nursery.hpp>

#include <stdexcept>

#include <gtest/gtest.h>

#include <pintle/async/internal/turned_loop.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;

Task<int> after(Duration d, int n) {
  const Status status = co_await sleep_for(d);
  co_return status.ok() ? n : -n;
}
Task<void> fail_after(Duration d) {
  (void)co_await sleep_for(d);
  throw std::runtime_error("child");
}

TEST(Nursery, JoinsAllItsChildren) {
  test::TurnedLoop t;
  const auto body = []() -> Task<int> {
    const Env env = co_await current_env();
    Nursery nursery;
    int a = 0, b = 0;
    nursery.spawn(env, after(2s, 1), &a);
    nursery.spawn(env, after(1s, 10), &b);
    nursery.spawn(env, after(0s, 100));
    co_await nursery.join();
    co_return a + b;
  };
  std::optional<int> done;
  t.start(body(), done);
  t.pass(1s);
  EXPECT_FALSE(done);
  t.pass(1s);
  EXPECT_EQ(done, 11);
}

TEST(Nursery, ThrowsTheFirstExceptionAfterAllHaveEnded) {
  test::TurnedLoop t;
  const auto body = []() -> Task<int> {
    const Env env = co_await current_env();
    Nursery nursery;
    int late = 0;
    nursery.spawn(env, fail_after(1s));
    nursery.spawn(env, after(2s, 5), &late);
    try {
      co_await nursery.join();
    } catch (const std::runtime_error&) {
      co_return late;
    }
    co_return -1;
  };
  std::optional<int> done;
  t.start(body(), done);
  t.pass(1s);
  EXPECT_FALSE(done) << "a failed child does not leave its siblings alone";
  t.pass(1s);
  EXPECT_EQ(done, 5);
}

TEST(Nursery, CancelsAChildByItsOwnScope) {
  test::TurnedLoop t;
  CancelScope scope;
  const auto body = []() -> Task<int> {
    Env env = co_await current_env();
    CancelScope child(env.scope);
    Nursery nursery;
    int a = 0, b = 0;
    Env inner = env;
    inner.scope = &child;
    nursery.spawn(inner, after(1h, 7), &a);
    nursery.spawn(env, after(1s, 30), &b);
    child.cancel(Status(Code::cancelled, "the other was faster"));
    co_await nursery.join();
    co_return a + b;
  };
  std::optional<int> done;
  t.start(body(), done, &scope);
  t.pass(1s);
  EXPECT_EQ(done, 23);
}

}  // namespace
}  // namespace pintle

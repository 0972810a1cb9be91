#include <array>
#include <chrono>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>

#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pintle/async/asio.hpp>
#include <pintle/async/internal/turned_loop.hpp>
#include <pintle/async/nursery.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/async/sync_wait.hpp>

namespace pintle {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Stream = asio::local::stream_protocol::socket;

struct UseTask : ::testing::Test {
  static RuntimeOptions one_thread() {
    RuntimeOptions o;
    o.threads = 1;
    return o;
  }
  UseTask() : runtime(one_thread()) { runtime.start(); }
  Runtime runtime;
};

Task<asio::io_context*> context() { co_return &asio_context(*(co_await current_env()).loop); }

TEST_F(UseTask, AwaitsAnAsioTimerOnTheLoop) {
  const auto body = []() -> Task<Status> {
    Loop& loop = *(co_await current_env()).loop;
    asio::steady_timer timer(asio_context(loop), 2ms);
    const TimePoint start = loop.now();
    Status status = co_await timer.async_wait(use_task);
    EXPECT_TRUE(loop.on_thread());
    EXPECT_GE(loop.now() - start, 2ms);
    co_return status;
  };
  EXPECT_TRUE(sync_wait(runtime, body()).ok());
}

TEST_F(UseTask, GivesResultsErrorsAndRawErrorCodes) {
  const auto body = []() -> Task<std::string> {
    Loop& loop = *(co_await current_env()).loop;
    Stream a(asio_context(loop)), b(asio_context(loop));
    asio::local::connect_pair(a, b);
    std::string text = "ping", got(4, ' ');
    const Result<std::size_t> written = co_await asio::async_write(a, asio::buffer(text), use_task);
    EXPECT_EQ(written.value(), 4u);
    const auto [error, read] = co_await asio::async_read(b, asio::buffer(got), use_task_raw);
    EXPECT_FALSE(error);
    EXPECT_EQ(read, 4u);
    a.close();
    const Result<std::size_t> end = co_await asio::async_read(b, asio::buffer(got), use_task);
    EXPECT_EQ(end.error().code(), Code::unavailable);
    const auto raw = co_await b.async_read_some(asio::buffer(got), use_task_raw);
    EXPECT_EQ(std::get<0>(raw), asio::error::eof);
    co_return got;
  };
  EXPECT_EQ(sync_wait(runtime, body()), "ping");
}

TEST_F(UseTask, CancelsTheOperationWithItsScope) {
  const auto wait = [](asio::steady_timer& timer) -> Task<Status> { co_return co_await timer.async_wait(use_task); };
  const auto body = [](auto wait_for) -> Task<Status> {
    Env env = co_await current_env();
    asio::steady_timer timer(asio_context(*env.loop), 1h);
    CancelScope scope(env.scope);
    Nursery nursery;
    Status status;
    Env inner = env;
    inner.scope = &scope;
    nursery.spawn(inner, wait_for(timer), &status);
    scope.cancel(Status(Code::deadline_exceeded, "late"));
    co_await nursery.join();
    Status second;
    nursery.spawn(inner, wait_for(timer), &second);  // never starts
    co_await nursery.join();
    EXPECT_EQ(second.code(), Code::deadline_exceeded);
    co_return status;
  };
  EXPECT_EQ(sync_wait(runtime, body(wait)), Status(Code::deadline_exceeded, "late"));
}

// The coroutine goes away while its operation is pending: the operation is cancelled and its handler finds nobody.
TEST_F(UseTask, OutlivesTheCoroutineThatStartedIt) {
  const auto body = []() -> Task<int> {
    Env env = co_await current_env();
    asio::steady_timer timer(asio_context(*env.loop), 1h);
    struct Loner {
      struct promise_type {
        Env env;
        Loner get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() {}
      };
      std::coroutine_handle<promise_type> handle;
    };
    const auto wait = [](asio::steady_timer& t) -> Loner {
      (void)co_await t.async_wait(use_task);
      ADD_FAILURE() << "resumed";
    };
    Loner loner = wait(timer);
    loner.handle.promise().env = env;
    loner.handle.resume();
    loner.handle.destroy();
    for (int i = 0; i < 3; ++i) co_await yield();
    co_return 1;
  };
  EXPECT_EQ(sync_wait(runtime, body()), 1);
}

// Handlers that other threads post, timers of the loop and work posted to it all wake a loop that sleeps in Asio.
TEST_F(UseTask, SharesTheLoopWithEverythingElse) {
  asio::io_context& io = *sync_wait(runtime, context());
  for (int i = 0; i < 200; ++i) {
    std::latch handled(2);
    asio::post(io, [&] {
      EXPECT_TRUE(runtime.loop(0).on_thread());
      handled.count_down();
    });
    runtime.loop(0).post([&] { handled.count_down(); });
    handled.wait();
  }
  const auto sleep = []() -> Task<Status> { co_return co_await sleep_for(1ms); };
  EXPECT_TRUE(sync_wait(runtime, sleep()).ok());
}

TEST_F(UseTask, IsRefusedOffTheLoopAndOnLoopsWithoutARuntime) {
  EXPECT_THROW(asio_context(runtime.loop(0)), std::logic_error);
  test::TurnedLoop turned;
  EXPECT_THROW(asio_context(turned.loop), std::logic_error);
}

}  // namespace
}  // namespace pintle

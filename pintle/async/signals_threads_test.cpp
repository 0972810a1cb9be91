#include <atomic>
#include <csignal>
#include <optional>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <pintle/async/runtime.hpp>
#include <pintle/async/signals.hpp>
#include <pintle/async/sync_wait.hpp>

namespace pintle {
namespace {

RuntimeOptions one_thread() {
  RuntimeOptions o;
  o.threads = 1;
  return o;
}

TEST(SignalWatch, TellsTheLoopAndThenLetsTheSignalBeWhatItWas) {
  struct sigaction before = {};
  ::sigaction(SIGUSR1, nullptr, &before);
  Runtime runtime(one_thread());
  std::atomic<int> last = 0;
  {
    SignalWatch watch(runtime.loop(0), {SIGUSR1, SIGUSR2}, [&](int signal) {
      EXPECT_TRUE(runtime.loop(0).on_thread());
      last = signal;
      last.notify_one();
    });
    runtime.start();
    ::kill(::getpid(), SIGUSR1);
    last.wait(0);
    EXPECT_EQ(last, SIGUSR1);
    last = 0;
    ::kill(::getpid(), SIGUSR2);
    last.wait(0);
    EXPECT_EQ(last, SIGUSR2);
    const auto second = []() -> Task<bool> {
      Loop& loop = *(co_await current_env()).loop;
      try {
        SignalWatch another(loop, {SIGUSR2}, [](int) {});
      } catch (const std::logic_error&) {
        co_return true;
      }
      co_return false;
    };
    EXPECT_TRUE(sync_wait(runtime, second())) << "a signal has one watch";
    runtime.stop();
    runtime.join();
  }
  struct sigaction after = {};
  ::sigaction(SIGUSR1, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}

}  // namespace
}  // namespace pintle

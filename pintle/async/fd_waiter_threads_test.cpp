#include <array>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pintle/async/fd_waiter.hpp>
#include <pintle/async/nursery.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/async/sync_wait.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;

struct Pair {
  Pair() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd.data()), 0); }
  ~Pair() {
    for (const int f : fd) ::close(f);
  }
  void send(std::string_view text) const { EXPECT_EQ(::write(fd[1], text.data(), text.size()), ssize_t(text.size())); }
  std::string take(std::size_t most) const {
    std::string out(most, ' ');
    const ssize_t n = ::read(fd[0], out.data(), most);
    out.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return out;
  }
  std::array<int, 2> fd{};
};

struct FdWait : ::testing::Test {
  static RuntimeOptions one_thread() {
    RuntimeOptions o;
    o.threads = 1;
    return o;
  }
  FdWait() : runtime(one_thread()) { runtime.start(); }
  Runtime runtime;
};

// A library may leave bytes behind and ask again: with the level trigger it is told again.
TEST_F(FdWait, TellsAgainWhatWasNotReadYet) {
  const auto body = []() -> Task<std::string> {
    Pair pair;
    FdWaiter waiter(*(co_await current_env()).loop, pair.fd[0]);
    pair.send("abc");
    std::string all;
    for (int i = 0; i < 3; ++i) {
      EXPECT_TRUE((co_await waiter.readable()).ok());
      all += pair.take(1);
    }
    EXPECT_TRUE((co_await waiter.writable()).ok());
    co_return all;
  };
  EXPECT_EQ(sync_wait(runtime, body()), "abc");
}

TEST_F(FdWait, TellsOfChangesAfterTheReaderSaidThatNothingIsLeft) {
  const auto body = []() -> Task<std::string> {
    Pair pair;
    FdWaiter waiter(*(co_await current_env()).loop, pair.fd[0], Descriptor::Trigger::edge);
    std::string all;
    for (const char* text : {"one", "two", "three"}) {
      EXPECT_EQ(pair.take(10), "");
      waiter.descriptor().drained();
      pair.send(text);
      EXPECT_TRUE((co_await waiter.readable()).ok());
      all += pair.take(10);
    }
    EXPECT_FALSE(waiter.descriptor().hung_up());
    waiter.descriptor().drained();
    ::shutdown(pair.fd[1], SHUT_WR);
    EXPECT_TRUE((co_await waiter.readable()).ok());
    EXPECT_TRUE(waiter.descriptor().hung_up());
    co_return all;
  };
  EXPECT_EQ(sync_wait(runtime, body()), "onetwothree");
}

TEST_F(FdWait, EndsAtItsDeadlineAndWithItsScope) {
  const auto wait = [](FdWaiter& w) -> Task<Status> { co_return co_await w.readable(); };
  const auto body = [](auto wait_for) -> Task<std::string> {
    Pair pair;
    Env env = co_await current_env();
    FdWaiter waiter(*env.loop, pair.fd[0]);
    const Status late = co_await waiter.readable(Deadline::after(env.loop->now(), 1ms));
    CancelScope scope(env.scope);
    Nursery nursery;
    Status cancelled;
    Env inner = env;
    inner.scope = &scope;
    nursery.spawn(inner, wait_for(waiter), &cancelled);
    scope.cancel(Status(Code::cancelled, "enough"));
    co_await nursery.join();
    pair.send("x");  // the waiter is as good as before
    EXPECT_TRUE((co_await waiter.readable()).ok());
    co_return std::string(code_name(late.code())) + " " + cancelled.to_string();
  };
  EXPECT_EQ(sync_wait(runtime, body(wait)), "DEADLINE_EXCEEDED CANCELLED: enough");
}

TEST_F(FdWait, SaysThatAFileCantBeWaitedFor) {
  const auto body = []() -> Task<bool> {
    const int fd = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    bool valid = true;
    {
      FdWaiter waiter(*(co_await current_env()).loop, fd);
      valid = waiter.descriptor().valid();
    }
    ::close(fd);
    co_return valid;
  };
  EXPECT_FALSE(sync_wait(runtime, body()));
}

// Ten descriptors become ready together, and whoever is told first destroys all the others.
TEST_F(FdWait, ForgetsThoseThatAreDestroyedByTheirNeighbours) {
  struct Many : Descriptor::Observer {
    explicit Many(Loop& loop) {
      for (std::size_t i = 0; i < pairs.size(); ++i) {
        descriptors.push_back(std::make_unique<Descriptor>(
            loop, pairs[i].fd[0], *this, i % 2 == 0 ? Descriptor::Trigger::edge : Descriptor::Trigger::level));
        descriptors.back()->drained();
        descriptors.back()->want_read();
        pairs[i].send("x");
      }
    }
    virtual ~Many() = default;
    void on_readable() noexcept override {
      ++told;
      descriptors.clear();
    }
    void on_writable() noexcept override {}
    std::array<Pair, 10> pairs;
    std::vector<std::unique_ptr<Descriptor>> descriptors;
    int told = 0;
  };
  const auto body = []() -> Task<int> {
    Many many(*(co_await current_env()).loop);
    for (int i = 0; i < 3; ++i) co_await yield();
    co_return many.told;
  };
  EXPECT_EQ(sync_wait(runtime, body()), 1);
}

}  // namespace
}  // namespace pintle

#include <pintle/async/first_of.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <pintle/async/event.hpp>
#include <pintle/async/internal/turned_loop.hpp>
#include <pintle/async/when_cancelled.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;

struct FirstOf : ::testing::Test {
  test::TurnedLoop t;
  Event a, b;
};

// Says in `log` how it ended, so that a test sees that nothing of it is left.
Task<int> sleeper(Duration d, int result, std::vector<std::string>& log) {
  const Status status = co_await sleep_for(d);
  log.push_back(status.ok() ? "slept" : std::string(status.message()));
  co_return result;
}

TEST_F(FirstOf, GivesTheFirstResultAtItsPlace) {
  const auto body = [](Event& x, Event& y) -> Task<std::size_t> {
    const auto first = co_await first_of(x.wait(), y.wait());
    EXPECT_TRUE(std::visit([](const Status& s) { return s.ok(); }, first));
    co_return first.index();
  };
  std::optional<std::size_t> done;
  t.start(body(a, b), done);
  t.settle();
  EXPECT_FALSE(done);
  b.set();
  t.settle();
  EXPECT_EQ(done, 1u);
  std::optional<std::size_t> at_once;
  t.start(body(b, a), at_once);
  t.settle();
  EXPECT_EQ(at_once, 0u);
}

TEST_F(FirstOf, CancelsATaskThatLostAndAwaitsItsEnd) {
  std::vector<std::string> log;
  const auto tidy = [](std::vector<std::string>& l) -> Task<int> {
    CancelScope& scope = *(co_await current_env()).scope;
    (void)co_await sleep_for(1h);
    l.emplace_back(cause_name(scope.cause()));
    co_await yield();
    l.emplace_back("tidied up");
    co_return 1;
  };
  const auto body = [](Event& x, auto make, std::vector<std::string>& l) -> Task<std::size_t> {
    const auto first = co_await first_of(make(l), x.wait());
    l.emplace_back("over");
    co_return first.index();
  };
  std::optional<std::size_t> done;
  t.start(body(a, tidy, log), done);
  a.set();
  t.settle();
  EXPECT_EQ(done, 1u);
  EXPECT_EQ(log, (std::vector<std::string>{"superseded", "tidied up", "over"}));
  EXPECT_FALSE(t.loop.next_timer());
}

// A read that lost must leave the message where it is, also when it was about to be resumed.
TEST_F(FirstOf, TakesNothingForAnAwaiterThatLost) {
  Semaphore permit(0);
  const auto body = [](Event& x, Semaphore& s) -> Task<std::size_t> {
    co_return (co_await first_of(x.wait(), s.acquire())).index();
  };
  std::optional<std::size_t> done;
  t.start(body(a, permit), done);
  a.set();
  permit.release();
  t.settle();
  EXPECT_EQ(done, 0u);
  EXPECT_EQ(permit.permits(), 1u);
}

TEST_F(FirstOf, BeginsNothingBehindWhatIsReadyAtOnce) {
  std::vector<std::string> log;
  a.set();
  const auto body = [](Event& x, std::vector<std::string>& l) -> Task<std::size_t> {
    co_return (co_await first_of(x.wait(), sleeper(1s, 1, l))).index();
  };
  std::optional<std::size_t> done;
  t.start(body(a, log), done);
  EXPECT_EQ(done, 0u);
  EXPECT_TRUE(log.empty());
}

TEST_F(FirstOf, WaitsForThreeThingsAndForTasksThatGiveNothing) {
  const auto nothing = []() -> Task<void> { (void)co_await sleep_for(2s); };
  const auto body = [](auto make, Event& x) -> Task<std::size_t> {
    const std::variant<Status, std::monostate, Status> first = co_await first_of(x.wait(), make(), sleep_for(5s));
    co_return first.index();
  };
  std::optional<std::size_t> done;
  t.start(body(nothing, a), done);
  t.pass(2s);
  EXPECT_EQ(done, 1u);
  EXPECT_FALSE(t.loop.next_timer());
}

TEST_F(FirstOf, ThrowsWhatTheFirstThrewAndNotWhatALoserThrew) {
  const auto bad = [](Duration d) -> Task<int> {
    (void)co_await sleep_for(d);
    throw std::runtime_error("bad");
  };
  const auto body = [](auto make, Duration d) -> Task<std::string> {
    try {
      const auto first = co_await first_of(make(d), sleep_for(2s));
      co_return first.index() == 1 ? "slept" : "no";
    } catch (const std::runtime_error& e) {
      co_return e.what();
    }
  };
  std::optional<std::string> thrown, lost;
  t.start(body(bad, 1s), thrown);
  t.start(body(bad, 3s), lost);
  t.pass(3s);
  EXPECT_EQ(thrown, "bad");
  EXPECT_EQ(lost, "slept");
}

TEST_F(FirstOf, HeedsTheScopeOfItsCoroutine) {
  std::vector<std::string> log;
  CancelScope scope;
  const auto body = [](Event& x, std::vector<std::string>& l) -> Task<Status> {
    const auto first = co_await first_of(sleeper(1h, 1, l), x.wait());
    co_return first.index() == 1 ? std::get<1>(first) : Status(Code::unknown, "the task");
  };
  std::optional<Status> done;
  t.start(body(a, log), done, &scope);
  scope.cancel(Status(Code::cancelled, "all over"));
  t.settle();
  ASSERT_TRUE(done);
  EXPECT_EQ(log, std::vector<std::string>{"all over"});
}

TEST_F(FirstOf, MayBeDestroyedWhileItWaits) {
  const auto alive = std::make_shared<int>(0);
  const auto holder = [](std::shared_ptr<int>) -> Task<Status> { co_return co_await sleep_for(1h); };
  const auto body = [](Event& x, auto make, std::shared_ptr<int> held) -> Task<std::size_t> {
    co_return (co_await first_of(x.wait(), make(std::move(held)))).index();
  };
  {
    Task<std::size_t> task = body(a, holder, alive);
    struct Owner {
      struct promise_type {
        Env env;
        Owner get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() {}
        void unhandled_exception() {}
      };
      std::coroutine_handle<promise_type> handle;
    };
    const auto own = [](Task<std::size_t> inner) -> Owner { (void)co_await inner; };
    const Owner owner = own(std::move(task));
    owner.handle.promise().env = t.env();
    owner.handle.resume();
    EXPECT_EQ(alive.use_count(), 2);
    a.set();
    owner.handle.destroy();
  }
  EXPECT_EQ(alive.use_count(), 1);
  t.settle();
  EXPECT_FALSE(t.loop.next_timer());
}

TEST_F(FirstOf, TakesAnyNumberOfTasksOfOneKind) {
  std::vector<std::string> log;
  const auto body = [](std::vector<std::string>& l) -> Task<std::pair<std::size_t, int>> {
    std::vector<Task<int>> tasks;
    for (const int s : {3, 1, 2}) tasks.push_back(sleeper(std::chrono::seconds(s), 10 * s, l));
    const First<int> first = co_await first_of_all(std::move(tasks));
    co_return std::pair(first.index, first.value);
  };
  std::optional<std::pair<std::size_t, int>> done;
  t.start(body(log), done);
  t.pass(1s);
  EXPECT_EQ(done, std::pair(std::size_t{1}, 10));
  EXPECT_EQ(log, (std::vector<std::string>{"slept", "another result came first", "another result came first"}));
}

struct Notice : FirstOf {
  CancelScope server, draining, call{&server};
  static Task<Status> wait(CancelScope* notice, CancelScope& own) { co_return co_await WhenCancelled(notice, own); }
};

TEST_F(Notice, IsOkWhenItComesAndTheCallsStatusWhenThatEndsFirst) {
  std::optional<Status> came, ended, late, never;
  CancelScope other;
  t.start(wait(&draining, call), came);
  t.start(wait(&draining, other), ended);
  t.start(wait(nullptr, call), never);
  t.settle();
  EXPECT_FALSE(came || ended || never);
  other.cancel(Status(Code::cancelled, "the client left"), CancelCause::peer_reset);
  t.settle();
  EXPECT_EQ(ended, Status(Code::cancelled, "the client left"));
  EXPECT_FALSE(came);
  draining.cancel(Status(Code::unavailable, "drains"), CancelCause::shutdown);
  t.settle();
  ASSERT_TRUE(came);
  EXPECT_TRUE(came->ok());
  t.start(wait(&draining, call), late);
  EXPECT_TRUE(late && late->ok()) << "what came before counts";
  EXPECT_FALSE(never);
  server.cancel(Status(Code::unavailable, "the grace is over"));
  t.settle();
  EXPECT_EQ(never, Status(Code::unavailable, "the grace is over"));
}

TEST_F(Notice, IsOfNoUseToACallThatIsOver) {
  std::optional<Status> done;
  t.start(wait(&draining, call), done);
  draining.cancel(Status(Code::unavailable, "drains"));
  call.cancel(Status(Code::cancelled, "the client left"));
  t.settle();
  EXPECT_EQ(done, Status(Code::cancelled, "the client left"));
}

// A feed: waits for the next item, the notice and the call's end at once, and loses none of them.
TEST_F(Notice, StandsBesideARead) {
  Semaphore items(0);
  const auto feed = [](Semaphore& in, CancelScope* notice, CancelScope& own) -> Task<std::string> {
    std::string seen;
    for (;;) {
      auto first = co_await first_of(in.acquire(), WhenCancelled(notice, own));
      if (first.index() == 0) {
        if (const Status& got = std::get<0>(first); !got.ok()) co_return seen + std::string(got.message());
        seen += "item ";
      } else {
        const Status& end = std::get<1>(first);
        co_return seen + (end.ok() ? "goodbye" : std::string(end.message()));
      }
    }
  };
  std::optional<std::string> drained, left;
  CancelScope mine(&server);
  t.start(feed(items, &draining, mine), drained, &mine);
  items.release();
  t.settle();
  items.release();
  t.settle();
  draining.cancel(Status(Code::unavailable, "drains"));
  t.settle();
  EXPECT_EQ(drained, "item item goodbye");
  CancelScope quiet;
  t.start(feed(items, &quiet, call), left, &call);
  t.settle();
  call.cancel(Status(Code::cancelled, "left"));
  t.settle();
  EXPECT_EQ(left, "left");
}

}  // namespace
}  // namespace pintle

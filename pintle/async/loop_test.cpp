#include <pintle/async/loop.hpp>

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pintle/async/internal/turned_loop.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

struct Bell : Timer {
  Bell(std::vector<std::string>& l, std::string n)
      : Timer([](Timer* t) noexcept {
          auto& bell = *static_cast<Bell*>(t);
          bell.log.push_back(bell.name);
          if (bell.then) bell.then();
        }),
        log(l),
        name(std::move(n)) {}
  std::vector<std::string>& log;
  std::string name;
  std::function<void()> then;
};

struct Timers : ::testing::Test {
  test::TurnedLoop t;
  std::vector<std::string> log;
};

TEST_F(Timers, FireInTheOrderOfTheirTimesAndThenOfTheirArming) {
  Bell a(log, "a"), b(log, "b"), c(log, "c"), d(log, "d");
  const TimePoint now = t.loop.now();
  t.loop.arm(a, now + 2s);
  t.loop.arm(b, now + 1s);
  t.loop.arm(c, now + 2s);
  t.loop.arm(d, now + 3s);
  EXPECT_EQ(t.loop.next_timer(), now + 1s);
  t.pass(2s);
  EXPECT_THAT(log, ElementsAre("b", "a", "c"));
  EXPECT_FALSE(a.armed());
  EXPECT_TRUE(d.armed());
}

TEST_F(Timers, OneForThePastFiresInTheNextTurnAndKeepsNobodyWaiting) {
  Bell again(log, "again"), other(log, "other");
  again.then = [&] { t.loop.arm(again, t.loop.now() - 1h); };
  t.loop.arm(again, t.loop.now() - 1h);
  t.loop.arm(other, t.loop.now());
  t.turn();
  EXPECT_THAT(log, ElementsAre("again", "other"));
  t.turn();
  EXPECT_THAT(log, ElementsAre("again", "other", "again"));
}

TEST_F(Timers, MayDisarmAndRearmOneAnotherWhileTheyFire) {
  Bell a(log, "a"), b(log, "b"), c(log, "c");
  a.then = [&] {
    b.disarm();
    t.loop.arm(c, t.loop.now() + 5s);
  };
  const TimePoint now = t.loop.now();
  t.loop.arm(a, now + 1s);
  t.loop.arm(b, now + 1s);
  t.loop.arm(c, now + 1s);
  t.pass(1s);
  EXPECT_THAT(log, ElementsAre("a"));
  t.pass(5s);
  EXPECT_THAT(log, ElementsAre("a", "c"));
}

TEST_F(Timers, LeaveTheHeapWhenTheyAreDestroyed) {
  // Every one of many is removed in turn, and the rest still fires in order.
  for (int removed = 0; removed < 20; ++removed) {
    log.clear();
    std::vector<std::unique_ptr<Bell>> bells;
    std::vector<std::string> wanted;
    for (int i = 0; i < 20; ++i) {
      const int at = i * 7 % 20;  // a permutation
      bells.push_back(std::make_unique<Bell>(log, std::to_string(at)));
      t.loop.arm(*bells.back(), t.loop.now() + std::chrono::seconds(at + 1));
    }
    const std::string gone = bells[static_cast<std::size_t>(removed)]->name;
    bells[static_cast<std::size_t>(removed)].reset();
    for (int i = 0; i < 20; ++i) {
      if (std::to_string(i) != gone) wanted.push_back(std::to_string(i));
    }
    for (int i = 0; i < 20; ++i) t.pass(1s);
    EXPECT_EQ(log, wanted) << "without " << gone;
  }
}

TEST(Loop, RunsPostedWorkInOrderAndWhatThatPostsInTheNextTurn) {
  test::TurnedLoop t;
  std::vector<int> log;
  int wakes = 0;
  t.loop.set_waker([&] { ++wakes; });
  t.loop.post([&] {
    log.push_back(1);
    t.loop.post([&] { log.push_back(3); });
  });
  t.loop.post([&] { log.push_back(2); });
  EXPECT_EQ(wakes, 1) << "one wake-up per filled inbox";
  EXPECT_TRUE(t.turn());
  EXPECT_THAT(log, ElementsAre(1, 2));
  EXPECT_FALSE(t.turn());
  EXPECT_THAT(log, ElementsAre(1, 2, 3));
}

TEST(Loop, DropsWhatIsPostedAfterItWasClosed) {
  test::TurnedLoop t;
  auto held = std::make_shared<int>(1);
  t.loop.post([held] { ADD_FAILURE(); });
  t.loop.close();
  t.loop.post([held] { ADD_FAILURE(); });
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(t.turn());
  EXPECT_FALSE(t.loop.on_thread());
}

struct Mark : TurnEnd {
  Mark(std::vector<std::string>& l, std::string n)
      : TurnEnd([](TurnEnd* e) noexcept {
          auto& m = *static_cast<Mark*>(e);
          m.log.push_back(m.name);
          if (m.then) m.then();
        }),
        log(l),
        name(std::move(n)) {}
  std::vector<std::string>& log;
  std::string name;
  std::function<void()> then;
};

TEST(Loop, EndsATurnAfterTheCoroutinesAndOnceOnly) {
  test::TurnedLoop t;
  std::vector<std::string> log;
  Mark flush(log, "flush");
  std::optional<int> done;
  const auto body = [](std::vector<std::string>& l, Loop& loop, Mark& m) -> Task<int> {
    loop.at_turn_end(m);
    loop.at_turn_end(m);
    (void)co_await sleep_for(Duration(0));
    l.emplace_back("coroutine");
    co_return 1;
  };
  t.start(body(log, t.loop, flush), done);
  EXPECT_FALSE(t.turn());
  EXPECT_THAT(log, ElementsAre("coroutine", "flush"));

  // One that asks again while the turn ends gets the next turn: a turn always ends.
  flush.then = [&] {
    if (log.size() < 5) t.loop.at_turn_end(flush);
  };
  t.loop.at_turn_end(flush);
  EXPECT_TRUE(t.turn());
  EXPECT_EQ(log.size(), 3u);
  t.settle();
  EXPECT_EQ(log.size(), 5u);
}

TEST(Loop, ForgetsTheEndOfTurnOfWhatIsDestroyed) {
  test::TurnedLoop t;
  std::vector<std::string> log;
  auto a = std::make_unique<Mark>(log, "a"), b = std::make_unique<Mark>(log, "b"), c = std::make_unique<Mark>(log, "c");
  // Whichever comes first destroys the others.
  a->then = [&] { b.reset(), c.reset(); };
  c->then = [&] { b.reset(), a->dequeue(); };
  t.loop.at_turn_end(*a);
  t.loop.at_turn_end(*b);
  t.loop.at_turn_end(*c);
  EXPECT_FALSE(t.turn());
  EXPECT_EQ(log.size(), 1u);
}

struct Pass : CoWaiter {
  explicit Pass(Pass*& s) : slot(s) {}
  bool await_ready() const noexcept { return false; }
  template <class Promise>
  void await_suspend(std::coroutine_handle<Promise> h) noexcept {
    suspend(h, nullptr);
    if (slot != nullptr) slot->wake();
    slot = this;
  }
  void await_resume() noexcept {}
  Pass*& slot;
};

// Two that wake each other for ever must let the turn end, and a chain of wake-ups must not take a turn for each.
TEST(Loop, EndsATurnAlthoughCoroutinesKeepWakingEachOther) {
  test::TurnedLoop t;
  Pass* waiting = nullptr;
  int passes = 0;
  const auto body = [](Pass*& slot, int& n) -> Task<int> {
    while (n < 100) {
      ++n;
      co_await Pass(slot);
    }
    if (slot != nullptr) std::exchange(slot, nullptr)->wake();
    co_return 1;
  };
  std::optional<int> a, b;
  t.start(body(waiting, passes), a);
  t.start(body(waiting, passes), b);
  const int before = passes;
  EXPECT_TRUE(t.turn());
  EXPECT_EQ(passes - before, static_cast<int>(Loop::kRounds));
  t.settle();
  EXPECT_TRUE(a && b);
}

TEST(Loop, CountsReadyAwaitsSoThatNobodyStarves) {
  test::TurnedLoop t;
  int ready = 0;
  std::optional<int> done;
  const auto body = [](Loop& loop, int& n) -> Task<int> {
    co_await yield();
    while (loop.spend_ready()) ++n;
    co_return 1;
  };
  t.start(body(t.loop, ready), done);
  t.settle();
  EXPECT_EQ(ready, Loop::kReadyBudget - 1);
}

TEST(Loop, HasOneOfEachTypeAndLetsGoOfItWhenItGoes) {
  static int alive;
  alive = 0;
  struct Counted {
    Counted() { ++alive; }
    ~Counted() { --alive; }
    int value = 0;
  };
  struct Other {
    int value = 7;
  };
  {
    test::TurnedLoop t, another;
    EXPECT_EQ(alive, 0) << "not before its first use";
    t.loop.local<Counted>().value = 1;
    EXPECT_EQ(t.loop.local<Other>().value, 7);
    EXPECT_EQ(t.loop.local<Counted>().value, 1);
    EXPECT_EQ(another.loop.local<Counted>().value, 0);
    EXPECT_EQ(alive, 2);
  }
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace pintle

#include <pintle/async/event.hpp>

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pintle/async/internal/turned_loop.hpp>
#include <pintle/async/nursery.hpp>

namespace pintle {
namespace {

using ::testing::ElementsAre;

struct Started {
  CancelScope scope;
  std::optional<Status> status;
};

Task<Status> acquire(Semaphore& s) { co_return co_await s.acquire(); }
Task<Status> wait(Event& e) { co_return co_await e.wait(); }

TEST(Semaphore, HandsOutItsPermitsInTheOrderOfAsking) {
  test::TurnedLoop t;
  Semaphore s(1);
  std::vector<int> order;
  const auto body = [](Semaphore& sem, std::vector<int>& o, int i) -> Task<Status> {
    Status status = co_await sem.acquire();
    o.push_back(i);
    co_return status;
  };
  std::vector<std::optional<Status>> done(4);
  for (int i = 0; i < 4; ++i) t.start(body(s, order, i), done[static_cast<std::size_t>(i)]);
  EXPECT_THAT(order, ElementsAre(0));
  EXPECT_EQ(s.waiting(), 3u);
  s.release();
  s.release();
  EXPECT_FALSE(s.try_acquire()) << "nobody overtakes those who wait";
  t.settle();
  EXPECT_THAT(order, ElementsAre(0, 1, 2));
  s.release();
  t.settle();
  EXPECT_THAT(order, ElementsAre(0, 1, 2, 3));
  s.release();
  EXPECT_EQ(s.permits(), 1u);
  EXPECT_TRUE(s.try_acquire());
}

TEST(Semaphore, RefusesWhoComesWhenTooManyWait) {
  test::TurnedLoop t;
  Semaphore s(0, 1);
  std::optional<Status> first, second;
  t.start(acquire(s), first);
  t.start(acquire(s), second);
  EXPECT_FALSE(first);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->code(), Code::resource_exhausted);
  s.release();
  t.settle();
  EXPECT_TRUE(first->ok());
}

TEST(Semaphore, LetsACancelledWaiterGoAndServesTheNext) {
  test::TurnedLoop t;
  Semaphore s(0);
  Started a, b;
  t.start(acquire(s), a.status, &a.scope);
  t.start(acquire(s), b.status, &b.scope);
  a.scope.cancel(Status(Code::cancelled, "gave up"));
  t.settle();
  EXPECT_EQ(*a.status, Status(Code::cancelled, "gave up"));
  s.release();
  t.settle();
  EXPECT_TRUE(b.status && b.status->ok());
  EXPECT_EQ(s.permits(), 0u);
}

// Granted and cancelled in one turn, either way round: exactly one permit is handed on, none is lost.
TEST(Semaphore, LosesNoPermitBetweenGrantAndCancel) {
  for (const bool cancel_first : {false, true}) {
    test::TurnedLoop t;
    Semaphore s(0);
    Started a;
    t.start(acquire(s), a.status, &a.scope);
    if (cancel_first) a.scope.cancel(Status(Code::cancelled));
    s.release();
    a.scope.cancel(Status(Code::cancelled));
    t.settle();
    ASSERT_TRUE(a.status);
    EXPECT_TRUE(a.status->ok()) << "a permit that was granted counts";
    EXPECT_EQ(s.permits(), 0u);
  }
}

TEST(Event, WakesAllThatWaitAndLetsLaterOnesPass) {
  test::TurnedLoop t;
  Event e;
  std::optional<Status> a, b, c;
  t.start(wait(e), a);
  t.start(wait(e), b);
  EXPECT_FALSE(a);
  e.set();
  t.settle();
  EXPECT_TRUE(a && a->ok() && b && b->ok());
  t.start(wait(e), c);
  EXPECT_TRUE(c && c->ok());
  e.reset();
  std::optional<Status> d;
  t.start(wait(e), d);
  t.settle();
  EXPECT_FALSE(d);
  e.set();
  t.settle();
}

TEST(Event, EndsWithTheStatusOfACancelledScope) {
  test::TurnedLoop t;
  Event e;
  Started a;
  t.start(wait(e), a.status, &a.scope);
  a.scope.cancel(Status(Code::deadline_exceeded, "late"));
  t.settle();
  EXPECT_EQ(*a.status, Status(Code::deadline_exceeded, "late"));
}

}  // namespace
}  // namespace pintle

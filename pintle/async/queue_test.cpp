#include <pintle/async/queue.hpp>

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <pintle/async/event.hpp>
#include <pintle/async/first_of.hpp>
#include <pintle/async/internal/turned_loop.hpp>

namespace pintle {
namespace {

using Popped = Result<std::optional<std::string>>;
Task<Popped> pop(Queue<std::string>& q) { co_return co_await q.pop(); }
Task<Status> push(Queue<std::string>& q, std::string s) { co_return co_await q.push(std::move(s)); }

struct QueueOfTwo : ::testing::Test {
  test::TurnedLoop t;
  Queue<std::string> queue{2};
};

TEST_F(QueueOfTwo, IsBoundedAndKeepsItsOrder) {
  EXPECT_TRUE(queue.try_push("a").ok());
  EXPECT_TRUE(queue.try_push("b").ok());
  std::string c = "c";
  EXPECT_EQ(queue.try_push(std::move(c)).code(), Code::resource_exhausted);
  EXPECT_EQ(c, "c") << "a refused item stays with its owner";  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(queue.try_pop(), "a");
  EXPECT_EQ(queue.try_pop(), "b");
  EXPECT_EQ(queue.try_pop(), std::nullopt);
}

TEST_F(QueueOfTwo, WakesOneReaderPerItemInTheOrderOfTheirWaiting) {
  std::optional<Popped> first, second;
  t.start(pop(queue), first);
  t.start(pop(queue), second);
  EXPECT_TRUE(queue.try_push("a").ok());
  t.settle();
  EXPECT_EQ(first->value(), "a");
  EXPECT_FALSE(second);
  EXPECT_TRUE(queue.try_push("b").ok());
  t.settle();
  EXPECT_EQ(second->value(), "b");
}

TEST_F(QueueOfTwo, MakesWritersWaitForRoom) {
  std::optional<Status> a, b, c;
  t.start(push(queue, "a"), a);
  t.start(push(queue, "b"), b);
  t.start(push(queue, "c"), c);
  t.settle();
  EXPECT_TRUE(a->ok() && b->ok());
  EXPECT_FALSE(c);
  EXPECT_EQ(queue.try_pop(), "a");
  t.settle();
  EXPECT_TRUE(c && c->ok());
  EXPECT_EQ(queue.size(), 2u);
}

TEST_F(QueueOfTwo, GivesWhatIsInItBeforeItEnds) {
  std::optional<Status> kept_out;
  EXPECT_TRUE(queue.try_push("a").ok());
  EXPECT_TRUE(queue.try_push("b").ok());
  t.start(push(queue, "c"), kept_out);
  queue.close();
  t.settle();
  EXPECT_EQ(kept_out->code(), Code::unavailable);
  EXPECT_EQ(queue.try_push("d").code(), Code::unavailable);
  std::optional<Popped> a, b, end;
  t.start(pop(queue), a);
  t.start(pop(queue), b);
  t.start(pop(queue), end);
  EXPECT_EQ(a->value(), "a");
  EXPECT_EQ(b->value(), "b");
  EXPECT_EQ(end->value(), std::nullopt);
}

TEST_F(QueueOfTwo, TellsItsEndToWhoWaits) {
  std::optional<Popped> a, b;
  t.start(pop(queue), a);
  t.start(pop(queue), b);
  queue.close();
  t.settle();
  EXPECT_EQ(a->value(), std::nullopt);
  EXPECT_EQ(b->value(), std::nullopt);
}

TEST_F(QueueOfTwo, HeedsScopes) {
  CancelScope scope;
  std::optional<Popped> reader, other;
  std::optional<Status> writer;
  t.start(pop(queue), reader, &scope);
  t.start(pop(queue), other);
  scope.cancel(Status(Code::cancelled, "left"));
  t.settle();
  EXPECT_EQ(reader->error(), Status(Code::cancelled, "left"));
  EXPECT_TRUE(queue.try_push("a").ok());
  t.settle();
  EXPECT_EQ(other->value(), "a");
  CancelScope late;
  EXPECT_TRUE(queue.try_push("b").ok());
  EXPECT_TRUE(queue.try_push("c").ok());
  t.start(push(queue, "d"), writer, &late);
  late.cancel(Status(Code::deadline_exceeded, "late"));
  t.settle();
  EXPECT_EQ(writer, Status(Code::deadline_exceeded, "late"));
  EXPECT_EQ(queue.size(), 2u);
}

// The item had been handed over, and another thing came first: it goes to the next reader, ahead of the others.
TEST_F(QueueOfTwo, TakesBackWhatNobodyTookInTheEnd) {
  Event event;
  const auto race = [](Event& e, Queue<std::string>& q) -> Task<std::size_t> {
    co_return (co_await first_of(e.wait(), q.pop())).index();
  };
  std::optional<std::size_t> lost;
  t.start(race(event, queue), lost);
  EXPECT_TRUE(queue.try_push("a").ok());
  EXPECT_TRUE(queue.try_push("b").ok());
  event.set();
  t.settle();
  EXPECT_EQ(lost, 0u);
  EXPECT_EQ(queue.size(), 2u);
  std::optional<Popped> next;
  t.start(pop(queue), next);
  EXPECT_EQ(next->value(), "a");
}

TEST_F(QueueOfTwo, StarvesNobodyOfItsLoop) {
  Queue<int> full(1000);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(full.try_push(int(i)).ok());
  const auto drain = [](Queue<int>& q) -> Task<int> {
    int n = 0;
    while ((co_await q.pop()).value() && ++n < 1000) {
    }
    co_return n;
  };
  std::optional<int> done;
  t.start(drain(full), done);
  EXPECT_FALSE(done);
  t.settle();
  EXPECT_EQ(done, 1000);
}

// What a loop was to hand out before it was closed must not wait for it.
TEST_F(QueueOfTwo, DoesNotWaitForALoopThatHasGone) {
  std::optional<Popped> gone, here;
  {
    test::TurnedLoop other;
    const auto body = [](Queue<std::string>& q) -> Task<Popped> {
      auto first = co_await first_of(q.pop(), sleep_for(std::chrono::hours(1)));
      if (first.index() == 0) co_return std::get<0>(std::move(first));
      co_return not_found("nothing");
    };
    other.start(body(queue), gone);
    t.start(pop(queue), here);
    EXPECT_TRUE(queue.try_push("a").ok());
    other.loop.close();
    t.settle();
    EXPECT_TRUE(here);
    other.pass(std::chrono::hours(1));  // so that the coroutine's frame is freed
  }
  EXPECT_EQ(here->value(), "a");
}

}  // namespace
}  // namespace pintle

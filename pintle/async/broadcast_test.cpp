#include <pintle/async/broadcast.hpp>

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <pintle/async/internal/turned_loop.hpp>

namespace pintle {
namespace {

using Feed = Broadcast<std::string>;
using Item = Result<std::shared_ptr<const std::string>>;
Task<Item> read(Feed::Reader& r) { co_return co_await r.read(); }

struct BroadcastOfTwo : ::testing::Test {
  // What one read gives by now: an item, "(end)", "(waits)" or a status.
  std::string next(Feed::Reader& reader) {
    CancelScope scope;
    std::optional<Item> item;
    t.start(read(reader), item, &scope);
    t.settle();
    if (!item) {
      scope.cancel(Status(Code::cancelled));
      t.settle();
      return "(waits)";
    }
    if (!*item) return item->error().to_string();
    return **item == nullptr ? "(end)" : ***item;
  }
  test::TurnedLoop t;
  Feed feed{2};
};

TEST_F(BroadcastOfTwo, GivesEveryItemToEveryReaderThatCameBefore) {
  auto a = feed.subscribe(), b = feed.subscribe();
  feed.publish("one");
  auto late = feed.subscribe();
  feed.publish("two");
  EXPECT_EQ(next(a), "one");
  EXPECT_EQ(next(a), "two");
  EXPECT_EQ(next(a), "(waits)");
  EXPECT_EQ(next(b), "one");
  EXPECT_EQ(next(late), "two");
}

TEST_F(BroadcastOfTwo, WakesThoseThatWait) {
  auto a = feed.subscribe(), b = feed.subscribe();
  std::optional<Item> got_a, got_b;
  t.start(read(a), got_a);
  t.start(read(b), got_b);
  t.settle();
  EXPECT_FALSE(got_a || got_b);
  feed.publish("one");
  t.settle();
  EXPECT_EQ(*got_a->value(), "one");
  EXPECT_EQ(got_a->value(), got_b->value()) << "one object for all";
}

TEST_F(BroadcastOfTwo, CountsWhatASlowReaderMissed) {
  auto slow = feed.subscribe();
  for (const char* item : {"1", "2", "3", "4", "5"}) feed.publish(item);
  EXPECT_EQ(next(slow), "4");
  EXPECT_EQ(slow.missed(), 3u);
  EXPECT_EQ(next(slow), "5");
  EXPECT_EQ(slow.missed(), 0u);
}

TEST_F(BroadcastOfTwo, EndsAReaderThatMustNotMissAnything) {
  auto strict = feed.subscribe(SlowReader::end);
  feed.publish("1");
  feed.publish("2");
  EXPECT_EQ(next(strict), "1") << "as many as are kept is not too slow";
  feed.publish("3");
  feed.publish("4");
  const std::string too_slow = "RESOURCE_EXHAUSTED: the reader was too slow for what was published";
  EXPECT_EQ(next(strict), too_slow);
  EXPECT_EQ(next(strict), too_slow);
}

TEST_F(BroadcastOfTwo, EndsAfterItsLastItem) {
  auto reader = feed.subscribe(), waiting = feed.subscribe();
  feed.publish("1");
  EXPECT_EQ(next(waiting), "1");
  std::optional<Item> end;
  t.start(read(waiting), end);
  feed.close();
  feed.publish("too late");
  t.settle();
  EXPECT_EQ(end->value(), nullptr);
  EXPECT_EQ(next(reader), "1");
  EXPECT_EQ(next(reader), "(end)");
}

TEST_F(BroadcastOfTwo, EndsWithTheStatusThatItWasClosedWith) {
  auto reader = feed.subscribe();
  feed.close(Status(Code::unavailable, "the room is closed"));
  feed.close(Status(Code::internal, "again"));
  EXPECT_EQ(next(reader), "UNAVAILABLE: the room is closed");
}

TEST_F(BroadcastOfTwo, TakesNothingForACancelledRead) {
  auto reader = feed.subscribe();
  CancelScope scope;
  std::optional<Item> item;
  t.start(read(reader), item, &scope);
  feed.publish("1");
  scope.cancel(Status(Code::cancelled, "left"));
  t.settle();
  EXPECT_EQ(item->error(), Status(Code::cancelled, "left"));
  EXPECT_EQ(next(reader), "1");
}

TEST_F(BroadcastOfTwo, MayGoBeforeItsReaders) {
  auto own = std::make_unique<Feed>(2);
  auto reader = own->subscribe();
  own->publish("last words");
  own->close();
  own.reset();
  EXPECT_EQ(next(reader), "last words");
  EXPECT_EQ(next(reader), "(end)");
}

}  // namespace
}  // namespace pintle

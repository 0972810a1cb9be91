#include <pintle/async/watched.hpp>

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include <pintle/async/first_of.hpp>
#include <pintle/async/internal/turned_loop.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;

Task<Result<Snapshot<std::string>>> change(const Watched<std::string>& w, std::uint64_t seen) {
  co_return co_await w.changed(seen);
}

struct WatchedValue : ::testing::Test {
  test::TurnedLoop t;
  Watched<std::string> value{"first"};
};

TEST_F(WatchedValue, IsASnapshotWithAVersion) {
  const Snapshot<std::string> before = value.get();
  EXPECT_EQ(*before, "first");
  EXPECT_EQ(before.version, 1u);
  value.set("second");
  EXPECT_EQ(*before, "first") << "what was read stays as it was";
  EXPECT_EQ(*value.get(), "second");
  EXPECT_EQ(value.get().version, 2u);
}

TEST_F(WatchedValue, WakesEveryWatcherAndAtOnceWhoMissedAChange) {
  std::optional<Result<Snapshot<std::string>>> a, b, late;
  t.start(change(value, 1), a);
  t.start(change(value, 1), b);
  t.settle();
  EXPECT_FALSE(a || b);
  value.set("second");
  value.set("third");
  EXPECT_FALSE(a) << "set() resumes nobody";
  t.settle();
  EXPECT_EQ(*a->value(), "third");
  EXPECT_EQ(b->value().version, 3u);
  t.start(change(value, 2), late);
  EXPECT_EQ(late->value().version, 3u);
}

// The loop was asked to look for the sake of others; who began to wait meanwhile has seen that change.
TEST_F(WatchedValue, DoesNotWakeForAChangeThatWasSeen) {
  std::optional<Result<Snapshot<std::string>>> old, fresh;
  t.start(change(value, 1), old);
  value.set("second");
  t.start(change(value, 2), fresh);
  t.settle();
  EXPECT_TRUE(old);
  EXPECT_FALSE(fresh);
  value.set("third");
  t.settle();
  EXPECT_EQ(*fresh->value(), "third");
}

TEST_F(WatchedValue, GivesTheStatusOfACancelledScope) {
  CancelScope scope;
  std::optional<Result<Snapshot<std::string>>> done;
  t.start(change(value, 1), done, &scope);
  scope.cancel(Status(Code::cancelled, "left"));
  t.settle();
  EXPECT_EQ(done->error(), Status(Code::cancelled, "left"));
  value.set("second");
  t.settle();
}

TEST_F(WatchedValue, MayBeLetGoWhileAPostIsUnderWay) {
  auto own = std::make_unique<Watched<std::string>>("x");
  const auto body = [](const Watched<std::string>& w) -> Task<std::size_t> {
    co_return (co_await first_of(w.changed(1), sleep_for(1s))).index();
  };
  std::optional<std::size_t> done;
  t.start(body(*own), done);
  t.clock.at += 1s;
  t.loop.begin_turn();
  own->set("y");
  t.settle();
  EXPECT_TRUE(done);
  own.reset();
  t.settle();
}

}  // namespace
}  // namespace pintle

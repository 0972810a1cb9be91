#include <pintle/transport/keepalive.hpp>

#include <chrono>

#include <gtest/gtest.h>

namespace pintle::transport {
namespace {

using std::chrono::seconds;
using Action = Keepalive::Action;

constexpr TimePoint kStart{std::chrono::hours(1)};

KeepaliveOptions every(seconds time, seconds timeout, bool without_calls = false) {
  KeepaliveOptions o;
  o.time = time;
  o.timeout = timeout;
  o.without_calls = without_calls;
  return o;
}

TEST(Keepalive, IsOffUnlessATimeWasGiven) {
  Keepalive k(KeepaliveOptions(), kStart);
  EXPECT_EQ(k.next(true), TimePoint::max());
  EXPECT_EQ(k.on_timer(kStart + std::chrono::hours(1000), true), Action::none);
}

TEST(Keepalive, AsksAfterSilenceAndGivesUpWithoutAnAnswer) {
  Keepalive k(every(seconds(10), seconds(3)), kStart);
  EXPECT_EQ(k.next(true), kStart + seconds(10));
  EXPECT_EQ(k.on_timer(kStart + seconds(9), true), Action::none);
  EXPECT_EQ(k.on_timer(kStart + seconds(10), true), Action::ping);
  EXPECT_EQ(k.next(true), kStart + seconds(13));
  EXPECT_EQ(k.on_timer(kStart + seconds(12), true), Action::none) << "one question at a time";
  EXPECT_EQ(k.on_timer(kStart + seconds(13), true), Action::give_up);
}

TEST(Keepalive, AnyByteIsAnAnswerAndPutsTheNextQuestionOff) {
  Keepalive k(every(seconds(10), seconds(3)), kStart);
  EXPECT_EQ(k.on_timer(kStart + seconds(10), true), Action::ping);
  k.on_read(kStart + seconds(12));
  EXPECT_EQ(k.on_timer(kStart + seconds(13), true), Action::none);
  EXPECT_EQ(k.next(true), kStart + seconds(22));
  EXPECT_EQ(k.on_timer(kStart + seconds(22), true), Action::ping);
}

TEST(Keepalive, DoesNotAskWithoutStreamsUnlessToldTo) {
  Keepalive quiet(every(seconds(10), seconds(3)), kStart);
  EXPECT_EQ(quiet.next(false), TimePoint::max());
  EXPECT_EQ(quiet.on_timer(kStart + seconds(60), false), Action::none);

  Keepalive always(every(seconds(10), seconds(3), true), kStart);
  EXPECT_EQ(always.next(false), kStart + seconds(10));
  EXPECT_EQ(always.on_timer(kStart + seconds(10), false), Action::ping);
}

TEST(Keepalive, StillWaitsForTheAnswerWhenTheLastStreamEnds) {
  Keepalive k(every(seconds(10), seconds(3)), kStart);
  EXPECT_EQ(k.on_timer(kStart + seconds(10), true), Action::ping);
  EXPECT_EQ(k.next(false), kStart + seconds(13));
  EXPECT_EQ(k.on_timer(kStart + seconds(13), false), Action::give_up);
}

TEST(Keepalive, HugeTimesMeanNever) {
  KeepaliveOptions o;
  o.time = Duration::max() - Duration(1);
  Keepalive never(o, kStart);
  EXPECT_EQ(never.next(true), TimePoint::max());
  EXPECT_EQ(never.on_timer(kStart + seconds(60), true), Action::none);
}

}  // namespace
}  // namespace pintle::transport

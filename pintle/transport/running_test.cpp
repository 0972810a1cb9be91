// How many handlers a peer may keep busy (CVE-2023-44487): those of cancelled streams count as long as they run.
#include <gmock/gmock.h>

#include <pintle/transport/test_support/test_bed.hpp>

namespace pintle::transport {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using http2::Role;
using test::Ear;
using test::TestBed;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

ConnectionOptions at_most(std::size_t running) {
  ConnectionOptions o;
  o.max_running = running;
  return o;
}

std::string requests(std::uint32_t first, std::uint32_t last) {
  std::string bytes;
  for (std::uint32_t id = first; id <= last; id += 2) bytes += headers(id, request()).end_stream();
  return bytes;
}

TEST(Running, RequestsAboveTheLimitWaitTheirTurn) {
  TestBed bed(Role::server, at_most(2));
  bed.established();
  bed.give(requests(1, 9));
  EXPECT_THAT(bed.news(), ElementsAre("#1 start", "#2 start"));
  bed.answer(bed.ear(2));
  bed.turn();
  EXPECT_THAT(bed.news(), ElementsAre("#3 start"));
  bed.give(requests(11, 11));
  EXPECT_THAT(bed.news(), IsEmpty());
  bed.answer(bed.ear(1));
  bed.answer(bed.ear(3));
  bed.turn();
  EXPECT_THAT(bed.news(), ElementsAre("#4 start", "#5 start")) << "in the order in which they came";
  bed.answer(bed.ear(4));
  bed.turn();
  EXPECT_THAT(bed.news(), ElementsAre("#6 start"));
  EXPECT_EQ(bed.connection->running(), 2u);
}

TEST(Running, AHandlerThatEndsAtOnceMakesRoomInTheSameBatch) {
  TestBed bed(Role::server, at_most(1));
  bed.established();
  bed.react = [&](Ear& e) { bed.answer(e); };
  bed.give(requests(1, 19));
  EXPECT_EQ(bed.news().size(), 10u);
  EXPECT_EQ(bed.connection->active_streams(), 0u);
  EXPECT_EQ(bed.line.writes, 1);
}

// The handlers of reset streams still run; a peer that resets and opens anew must not get more of them.
TEST(Running, ARapidResetStartsNoMoreHandlers) {
  TestBed bed(Role::server, at_most(3));
  bed.established();
  for (std::uint32_t id = 1; id < 200; id += 2) {
    bed.give(headers(id, request()).end_stream() + rst(id, ErrorCode::cancel).bytes());
    ASSERT_NE(bed.connection, nullptr);
    ASSERT_LE(bed.connection->running(), 3u);
  }
  for (std::uint32_t id = 201; id < 400; id += 2) {
    bed.give(headers(id, request()).end_stream());
    bed.give(rst(id, ErrorCode::cancel));
    ASSERT_LE(bed.connection->running(), 3u);
  }
}

// Their users must be able to free them: else a slow handler would let the queue grow without end.
TEST(Running, ARequestThatIsResetWhileItWaitsIsHandedOverAtOnce) {
  TestBed bed(Role::server, at_most(1));
  bed.established();
  bed.give(requests(1, 5));
  bed.news();
  bed.react = {};
  bed.ear(2).react = [](Ear& e) {
    EXPECT_FALSE(e.exchange.attached());
    e.exchange.finish();
  };
  bed.give(rst(3, ErrorCode::cancel));
  EXPECT_THAT(bed.news(), ElementsAre("#2 reset CANCEL by the peer", "#2 start"));
  EXPECT_EQ(bed.connection->running(), 1u);
  bed.answer(bed.ear(1));
  bed.turn();
  EXPECT_THAT(bed.news(), ElementsAre("#3 start"));
}

TEST(Running, RequestsThatWaitHearOfALostConnection) {
  TestBed bed(Role::server, at_most(1));
  bed.established();
  bed.react = [](Ear& e) {
    if (!e.exchange.attached()) e.exchange.finish();
  };
  bed.give(requests(1, 3));
  bed.news();
  bed.lose();
  EXPECT_THAT(bed.news(), ElementsAre("#1 reset NO_ERROR by us", "#2 reset NO_ERROR by us", "#2 start",
                                      "closed: connection reset by the test"));
}

TEST(Running, ARequestThatWaitsMayBeLetGo) {
  TestBed bed(Role::server, at_most(1));
  bed.established();
  bed.give(requests(1, 5));
  bed.news();
  bed.ear(2).exchange.finish();
  bed.answer(bed.ear(1));
  bed.turn();
  EXPECT_THAT(bed.news(), ElementsAre("#3 start"));
}

// One exchange in the batch ends another one that has not started.
TEST(Running, ARequestOfTheSameBatchMayBeLetGo) {
  TestBed bed(Role::server);
  bed.established();
  bed.react = [&](Ear& e) {
    if (e.number == 1) bed.ear(2).exchange.finish();
  };
  bed.give(requests(1, 5));
  EXPECT_THAT(bed.news(), ElementsAre("#1 start", "#3 start"));
}

TEST(Running, AnExchangeThatOutlivedItsConnectionStartsAfreshOnTheNext) {
  TestBed first(Role::server), second(Role::server, at_most(1));
  first.established();
  second.established();
  first.give(headers(1, request()) + data(1, "left behind"));
  Ear& call = first.ear(1);
  first.lose();
  EXPECT_EQ(call.body(), "left behind") << "its handler may still read it";
  call.exchange.finish();

  second.give(requests(1, 1));
  second.next_accept = [&] { return &call.exchange; };
  second.give(headers(3, request()) + data(3, "new"));
  EXPECT_EQ(call.body(), "new");
  EXPECT_EQ(second.connection->running(), 1u);
  call.exchange.finish();
  EXPECT_EQ(second.connection->running(), 1u) << "it waited and never ran";
  second.answer(second.ear(1));
  EXPECT_EQ(second.connection->running(), 0u);
}

}  // namespace
}  // namespace pintle::transport

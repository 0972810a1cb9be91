// The age of a server's connections (gRFC A9): a graceful end after max_age, a hard one after max_age_grace.
#include <gmock/gmock.h>

#include <pintle/transport/test_support/test_bed.hpp>

namespace pintle::transport {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using http2::Role;
using std::chrono::hours;
using std::chrono::seconds;
using test::TestBed;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::uint64_t kDrainTag = 0x70696e746c652d64;

ConnectionOptions aged(Duration age, Duration grace = Duration::max()) {
  ConnectionOptions o;
  o.max_age = age;
  o.max_age_grace = grace;
  return o;
}

TEST(Age, EndsAConnectionGracefullyThoughItsCallsGoOn) {
  TestBed bed(Role::server, aged(seconds(60)));
  bed.established();
  bed.pass(seconds(30));
  bed.give(headers(1, request()).end_stream());
  bed.pass(seconds(29));
  EXPECT_THAT(bed.sent(), IsEmpty());
  bed.pass(seconds(1));
  EXPECT_THAT(bed.sent(), ElementsAre("GOAWAY 2147483647 NO_ERROR \"max_age\"", StartsWith("PING ")));

  // A call that crossed the notice is served too.
  bed.give(headers(3, request()).end_stream());
  bed.give(ping(kDrainTag).ack());
  EXPECT_THAT(bed.sent(), ElementsAre("GOAWAY 3 NO_ERROR \"max_age\""));
  bed.pass(hours(1000));
  EXPECT_EQ(bed.connection->active_streams(), 2u) << "the grace time is infinite unless it was set";
  bed.answer(bed.ear(1));
  bed.answer(bed.ear(2));
  bed.news();
  bed.turn();
  bed.end_input();
  EXPECT_THAT(bed.news(), ElementsAre("closed: the connection was drained"));
}

TEST(Age, EndsAnIdleConnectionToo) {
  TestBed bed(Role::server, aged(seconds(60)));
  bed.established();
  bed.pass(seconds(60));
  bed.give(ping(kDrainTag).ack());
  bed.end_input();
  EXPECT_THAT(bed.news(), ElementsAre("closed: the connection was drained"));
}

TEST(Age, AfterTheGraceTimeTheConnectionIsAborted) {
  TestBed bed(Role::server, aged(seconds(60), seconds(10)));
  bed.established();
  bed.give(headers(1, request()).end_stream());
  bed.news();
  bed.pass(seconds(60));
  bed.give(ping(kDrainTag).ack());
  bed.sent();
  bed.pass(seconds(9));
  EXPECT_THAT(bed.news(), IsEmpty());
  bed.pass(seconds(1));
  EXPECT_THAT(bed.sent(), ElementsAre(StartsWith("GOAWAY 1 NO_ERROR")));
  EXPECT_THAT(bed.news(),
              ElementsAre("#1 reset NO_ERROR by us", StartsWith("closed: max_age: the grace time is over")));
  EXPECT_TRUE(bed.line.destroyed);
}

// The specification would have it so: a peer that is slow to answer the PING has no less.
TEST(Age, TheGraceTimeRunsFromTheSecondGoaway) {
  TestBed bed(Role::server, aged(seconds(60), seconds(10)));
  bed.established();
  bed.give(headers(1, request()).end_stream());
  bed.pass(seconds(60));
  bed.pass(seconds(1));
  EXPECT_THAT(bed.sent(), Contains("GOAWAY 1 NO_ERROR \"max_age\"")) << "a second without an answer is enough";
  bed.pass(seconds(9));
  EXPECT_NE(bed.connection, nullptr);
  bed.pass(seconds(1));
  EXPECT_EQ(bed.connection, nullptr);
}

TEST(Age, NoGraceAtAllStillSendsBothGoaways) {
  TestBed bed(Role::server, aged(seconds(60), Duration::zero()));
  bed.established();
  bed.give(headers(1, request()).end_stream());
  bed.pass(seconds(60));
  EXPECT_NE(bed.connection, nullptr);
  bed.give(ping(kDrainTag).ack());
  bed.pass(seconds(0));
  EXPECT_THAT(bed.sent(), Contains("GOAWAY 1 NO_ERROR \"max_age\""));
  EXPECT_EQ(bed.connection, nullptr);
}

// The earliest deadline wins: another end that takes too long does not keep a connection from ageing.
TEST(Age, HoldsForAConnectionThatIsBeingDrainedAlready) {
  for (const bool told_twice : {false, true}) {
    TestBed bed(Role::server, aged(seconds(60), seconds(10)));
    bed.established();
    bed.give(headers(1, request()).end_stream());
    bed.connection->drain(seconds(told_twice ? 5 : 62), "maintenance");
    bed.pass(seconds(60));
    EXPECT_THAT(bed.sent(), Not(Contains(HasSubstr("max_age")))) << "it was told why it ends";
    if (!told_twice) bed.pass(seconds(2));
    bed.pass(seconds(9));
    EXPECT_NE(bed.connection, nullptr);
    bed.pass(seconds(1));
    EXPECT_EQ(bed.connection, nullptr);
  }
}

TEST(Age, IsInfiniteUnlessItWasSet) {
  TestBed bed(Role::server);
  bed.established();
  bed.pass(hours(100'000));
  EXPECT_EQ(bed.connection->phase(), Phase::open);
}

}  // namespace
}  // namespace pintle::transport

// What happens when there is not enough memory for all: to whom, in which order, and what becomes of it afterwards.
#include <string>

#include <gmock/gmock.h>

#include <pintle/transport/test_support/test_bed.hpp>

namespace pintle::transport {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using http2::Role;
using http2::SettingId;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Ear;
using test::Lines;
using test::TestBed;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::size_t kKiB = 1024, kLimit = 1024 * kKiB;

// Two connections of a server. Their peers give streams no window, unless the test does.
class Guarded : public ::testing::Test {
 protected:
  Guarded() : greedy_(Role::server), modest_(Role::server) {
    for (TestBed* bed : {&greedy_, &modest_}) {
      bed->connection->charge_to(&guard_);
      bed->established({{SettingId::initial_window_size, 0}});
      bed->give(window_update(0, 0x7000'0000));
    }
    guard_.on_shed([this](std::size_t streams, std::size_t connections, std::size_t bytes) {
      told_streams_ += streams;
      told_connections_ += connections;
      told_bytes_ += bytes;
    });
  }
  ~Guarded() override {
    greedy_.connection.reset();
    modest_.connection.reset();
    greedy_.ears.clear();
    modest_.ears.clear();
  }
  // A call whose response waits for its window.
  static Ear& respond(TestBed& bed, std::uint32_t stream, std::size_t bytes) {
    bed.give(headers(stream, request()).end_stream());
    Ear& ear = *bed.ears.back();
    ear.exchange.send_head(bed.head, {}, false);
    ear.write(std::string(bytes, 'x'));
    bed.turn();
    return ear;
  }
  static bool was_shed(TestBed& bed, int ear) {
    return std::ranges::find(bed.events, "#" + std::to_string(ear) + " shed") != bed.events.end();
  }
  void pass(Duration d) {
    greedy_.pass(d);
    modest_.pass(d);
  }

  TestBed greedy_, modest_;
  std::shared_ptr<MemoryBudget> budget_ = std::make_shared<MemoryBudget>(kLimit, 0.8);
  MemoryGuard guard_{greedy_.turned.loop, budget_};
  std::size_t told_streams_ = 0, told_connections_ = 0, told_bytes_ = 0;
};

TEST_F(Guarded, AboveTheLimitTheStreamThatHasWaitedLongestIsReset) {
  for (const std::uint32_t stream : {1u, 3u}) {
    respond(greedy_, stream, 350 * kKiB);
    pass(milliseconds(10));
  }
  EXPECT_EQ(told_streams_, 0u);
  greedy_.sent();
  respond(greedy_, 5, 350 * kKiB);
  pass(milliseconds(1));
  EXPECT_THAT(greedy_.sent(), Contains("RST_STREAM 1 ENHANCE_YOUR_CALM"));
  EXPECT_TRUE(was_shed(greedy_, 1));
  EXPECT_FALSE(was_shed(greedy_, 2) || was_shed(greedy_, 3)) << "there is room again";
  EXPECT_LE(budget_->used(), kLimit);
  EXPECT_EQ(told_streams_, 1u);
  EXPECT_GE(told_bytes_, 340 * kKiB);
  EXPECT_EQ(guard_.streams_shed(), 1u);
}

TEST_F(Guarded, WhoWritesWhenThereIsNoRoomGetsItAtOnce) {
  respond(greedy_, 1, 300 * kKiB);
  greedy_.give(headers(3, request()).end_stream());
  Ear& writing = *greedy_.ears.back();
  writing.exchange.send_head(greedy_.head, {}, false);
  guard_.account().charge(900 * kKiB);  // others
  ASSERT_EQ(budget_->level(), MemoryLevel::over);
  EXPECT_TRUE(writing.write(std::string(50 * kKiB, 'y')));
  EXPECT_TRUE(was_shed(greedy_, 1)) << "before this turn ends";
  EXPECT_FALSE(was_shed(greedy_, 2)) << "the one that writes is spared";
  guard_.account().give_back(900 * kKiB);
}

TEST_F(Guarded, AStepForwardBeginsTheWaitAnewAndAByteDoesNot) {
  respond(greedy_, 1, 300 * kKiB);
  respond(greedy_, 3, 300 * kKiB);
  pass(milliseconds(10));
  respond(greedy_, 5, 200 * kKiB);
  pass(milliseconds(10));
  greedy_.give(window_update(1, 16 * kKiB) + window_update(3, 1));
  pass(milliseconds(100));  // it is near the limit, so somebody looks
  respond(greedy_, 7, 400 * kKiB);
  pass(milliseconds(1));
  EXPECT_TRUE(was_shed(greedy_, 2));
  EXPECT_FALSE(was_shed(greedy_, 1));
}

TEST_F(Guarded, WhoHoldsLittleIsSpared) {
  respond(modest_, 1, 50 * kKiB);  // the oldest of all
  pass(milliseconds(10));
  for (std::uint32_t stream = 1; stream < 40; stream += 2) respond(greedy_, stream, 100 * kKiB);
  EXPECT_TRUE(was_shed(greedy_, 1));
  pass(seconds(10));
  EXPECT_FALSE(was_shed(modest_, 1));
  EXPECT_FALSE(modest_.connection->is_greedy());
}

TEST_F(Guarded, WhereAllHoldLittleTheOldestGoesAllTheSame) {
  respond(modest_, 1, 50 * kKiB);
  guard_.account().charge(2 * kLimit);
  respond(greedy_, 1, 20 * kKiB);
  pass(milliseconds(1));
  EXPECT_TRUE(was_shed(modest_, 1));
  guard_.account().give_back(2 * kLimit);
}

TEST_F(Guarded, NearTheLimitWhatHasNotMovedForFiveSecondsIsReset) {
  respond(modest_, 1, 50 * kKiB);
  for (const std::uint32_t stream : {1u, 3u, 5u}) respond(greedy_, stream, 270 * kKiB);
  ASSERT_EQ(budget_->level(), MemoryLevel::near);
  EXPECT_TRUE(greedy_.connection->is_greedy());
  for (int i = 0; i < 4; ++i) {
    pass(seconds(1));
    greedy_.give(window_update(3, 20 * kKiB));
  }
  EXPECT_EQ(told_streams_, 0u);
  pass(seconds(2));
  EXPECT_TRUE(was_shed(greedy_, 1) && was_shed(greedy_, 3));
  EXPECT_FALSE(was_shed(greedy_, 2)) << "it moves";
  EXPECT_FALSE(was_shed(modest_, 1)) << "it holds little";
}

TEST_F(Guarded, FarFromTheLimitAPeerMayTakeItsTime) {
  respond(greedy_, 1, 700 * kKiB);
  pass(std::chrono::minutes(4));
  EXPECT_EQ(told_streams_, 0u);
}

TEST_F(Guarded, ABodyThatNobodyReadsIsDroppedAndAnAnswerMayFollow) {
  greedy_.give(headers(1, request()) + data(1, std::string(16'000, 'b')));
  Ear& ear = greedy_.ear(1);
  ear.used = 10;
  ASSERT_EQ(ear.body().size(), 16'000u);
  const int bodies = ear.bodies;
  guard_.account().charge(2 * kLimit);
  respond(greedy_, 3, 100 * kKiB);
  pass(milliseconds(1));
  EXPECT_TRUE(was_shed(greedy_, 1));
  EXPECT_EQ(ear.body(), std::string(10, 'b')) << "what is in use stays";
  EXPECT_GT(ear.bodies, bodies);
  EXPECT_THAT(greedy_.sent(), Not(Contains(HasSubstr("RST_STREAM 1 ENHANCE_YOUR_CALM"))));
  greedy_.answer(ear, "sorry");
  greedy_.turn();
  EXPECT_THAT(greedy_.sent(), Contains(HasSubstr("HEADERS 1 ")));
  guard_.account().give_back(2 * kLimit);
}

TEST_F(Guarded, WhoDoesNotReadIsNotReadFromUntilItDoes) {
  greedy_.give(settings({{SettingId::initial_window_size, 0x7fff'ffff}}));
  greedy_.line.room = 0;
  for (const std::uint32_t stream : {1u, 3u, 5u}) respond(greedy_, stream, 200 * kKiB);
  const std::size_t others = 900 * kKiB - budget_->used();
  guard_.account().charge(others);
  ASSERT_TRUE(greedy_.connection->is_greedy());
  greedy_.give(headers(7, request()).end_stream());
  EXPECT_EQ(greedy_.ears.size(), 4u) << "what was under way still arrives";
  greedy_.give(headers(9, request()).end_stream());
  EXPECT_EQ(greedy_.ears.size(), 4u);
  EXPECT_FALSE(greedy_.line.want_read);
  modest_.give(headers(1, request()).end_stream());
  EXPECT_EQ(modest_.ears.size(), 1u) << "the others are";
  greedy_.line.room = SIZE_MAX;
  greedy_.turn();
  pass(milliseconds(100));
  greedy_.turn();
  EXPECT_EQ(greedy_.ears.size(), 5u);
  guard_.account().give_back(others);
}

// Its WINDOW_UPDATEs are what the queues wait for.
TEST_F(Guarded, WhoTakesItsOutputIsReadFromThoughItStillHoldsMuch) {
  Ear& queued = respond(greedy_, 1, 700 * kKiB);
  const std::size_t others = 900 * kKiB - budget_->used();
  guard_.account().charge(others);
  greedy_.line.room = 0;
  greedy_.give(ping(1));
  greedy_.give(ping(2));
  greedy_.give(window_update(1, 100 * kKiB));
  ASSERT_FALSE(greedy_.line.want_read);
  greedy_.sent();
  greedy_.line.room = SIZE_MAX;
  greedy_.turn();
  EXPECT_TRUE(greedy_.connection->is_greedy());
  EXPECT_THAT(greedy_.sent(), Contains(HasSubstr("DATA 1 "))) << "at once, not when somebody looks";
  EXPECT_TRUE(queued.exchange.attached());
  guard_.account().give_back(others);
}

TEST_F(Guarded, AWriterWhoseOwnConnectionIsEndedWritesNowhere) {
  greedy_.give(settings({{SettingId::initial_window_size, 0x7fff'ffff}}));
  greedy_.line.room = 0;
  for (std::uint32_t stream = 1; stream < 40; stream += 2) respond(greedy_, stream, 14 * kKiB);
  greedy_.give(headers(41, request()).end_stream());
  Ear& writing = *greedy_.ears.back();
  writing.exchange.send_head(greedy_.head, {}, false);
  guard_.account().charge(2 * kLimit);
  EXPECT_FALSE(writing.write(std::string(50 * kKiB, 'y')));
  EXPECT_FALSE(writing.exchange.attached());
  guard_.account().give_back(2 * kLimit);
}

TEST_F(Guarded, LargeMessagesGetNoWindowAheadWhileMemoryIsShort) {
  respond(greedy_, 1, 600 * kKiB);
  greedy_.give(headers(3, request()));
  for (int i = 0; i < 3; ++i) greedy_.give(data(3, std::string(16'000, 'b')));
  guard_.account().charge(300 * kKiB);
  ASSERT_TRUE(greedy_.connection->is_greedy());
  greedy_.sent();
  Ear& ear = greedy_.ear(2);
  ear.exchange.expect(200'000);
  greedy_.turn();
  EXPECT_THAT(greedy_.sent(), IsEmpty());
  guard_.account().give_back(300 * kKiB);
  pass(milliseconds(100));
  EXPECT_THAT(greedy_.sent(), Contains(HasSubstr("WINDOW_UPDATE 3 ")));
}

TEST_F(Guarded, AConnectionWhoseOutputIsNotReadIsEndedWhenNothingElseHelps) {
  greedy_.give(settings({{SettingId::initial_window_size, 0x7fff'ffff}}));
  greedy_.line.room = 0;
  for (std::uint32_t stream = 1; stream < 40; stream += 2) respond(greedy_, stream, 10 * kKiB);
  guard_.account().charge(2 * kLimit);
  greedy_.give(ping(1));
  pass(milliseconds(100));
  greedy_.turn();
  EXPECT_EQ(greedy_.connection, nullptr);
  EXPECT_THAT(greedy_.events, Contains(HasSubstr("closed: the memory budget is used up")));
  EXPECT_EQ(told_connections_, 1u);
  ASSERT_NE(modest_.connection, nullptr);
  guard_.account().give_back(2 * kLimit);
}

// A client's responses that nobody reads.
TEST(GuardedClient, ResetsTheResponseThatHasWaitedLongest) {
  TestBed bed(Role::client);
  auto budget = std::make_shared<MemoryBudget>(64 * kKiB, 0.8);
  MemoryGuard guard(bed.turned.loop, budget);
  bed.connection->charge_to(&guard);
  bed.established();
  for (std::uint32_t stream = 1; stream < 9; stream += 2) {
    bed.open(true);
    bed.give(headers(stream, response()) + data(stream, std::string(16'000, 'x')));
    bed.pass(milliseconds(10));
  }
  EXPECT_THAT(bed.sent(), Contains("RST_STREAM 1 CANCEL"));
  EXPECT_THAT(bed.events, Contains("#1 shed"));
  EXPECT_EQ(bed.ear(1).body(), "");
  EXPECT_THAT(bed.events, Not(Contains("#4 shed")));
  bed.connection.reset();
  bed.ears.clear();
}

}  // namespace
}  // namespace pintle::transport

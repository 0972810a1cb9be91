// What a connection and its exchanges hold is charged, and given back to the byte however they end.
#include <gtest/gtest.h>

#include <pintle/transport/test_support/test_bed.hpp>

namespace pintle::transport {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using http2::Role;
using test::Ear;
using test::TestBed;

class Memory : public ::testing::Test {
 protected:
  Memory() : bed_(Role::server) {
    bed_.connection->charge_to(&guard_);
    bed_.established();
    idle_ = guard_.account().held();
  }
  ~Memory() override {
    bed_.connection.reset();
    bed_.ears.clear();
  }
  // A request with a body that nobody reads.
  Ear& request_with(std::size_t bytes) {
    stream_ += 2;
    bed_.give(headers(stream_, request()) + data(stream_, std::string(bytes, 'x')));
    return bed_.ear(static_cast<int>(stream_ / 2 + 1));
  }
  // Beside what a connection always keeps, and what each call takes by itself.
  std::size_t held() {
    bed_.turn();
    if (bed_.connection == nullptr) return guard_.account().held();
    std::size_t calls = 0;
    for (const auto& ear : bed_.ears) calls += ear->exchange.connection() != nullptr ? 1 : 0;
    return guard_.account().held() - idle_ - calls * Connection::kCallMemory;
  }

  TestBed bed_;
  MemoryGuard guard_{bed_.turned.loop, std::make_shared<MemoryBudget>(1 << 20)};
  std::size_t idle_ = 0;
  http2::StreamId stream_ = static_cast<http2::StreamId>(-1);  // of the last request
};

TEST_F(Memory, ABodyThatWaitsIsChargedUntilItIsConsumed) {
  Ear& ear = request_with(1000);
  EXPECT_EQ(held(), 1000u);
  bed_.give(data(1, std::string(500, 'y')));
  EXPECT_EQ(held(), 1500u);
  ear.exchange.consume(1200);
  EXPECT_EQ(held(), 300u);
  ear.exchange.consume(300);
  bed_.turn();
  EXPECT_EQ(held(), 0u);
}

TEST_F(Memory, ABodyThatIsReadInPlaceCostsNothing) {
  bed_.react = [](Ear& ear) {
    EXPECT_EQ(ear.body().size(), 1000u);
    ear.exchange.consume(1000);
  };
  request_with(1000);
  EXPECT_EQ(held(), 0u);
}

TEST_F(Memory, WhatWasTakenIsChargedUntilItIsGivenBackAndThenThePeerMaySendMore) {
  for (const std::size_t tail : {0u, 100u, 900u}) {  // what has come behind it
    Ear& ear = request_with(1000);
    if (tail != 0) bed_.give(data(stream_, std::string(tail, 'y')));
    Buffer taken = ear.exchange.take(1000);
    EXPECT_EQ(taken.size(), 1000u);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(taken.data()), 1000), std::string(1000, 'x'));
    EXPECT_EQ(ear.body(), std::string(tail, 'y'));
    EXPECT_EQ(held(), 1000 + tail);
    bed_.give(data(stream_, "z"));
    EXPECT_EQ(ear.body(), std::string(tail, 'y') + "z") << "it goes on growing";
    ear.exchange.give_back(1000);
    ear.exchange.consume(tail + 1);
    EXPECT_EQ(held(), 0u);
    bed_.answer(ear);
    bed_.turn();
  }
}

TEST_F(Memory, WhatAReaderHoldsIsChargedUntilItLetsGo) {
  Ear& ear = request_with(1000);
  ear.exchange.hold(5000);
  EXPECT_EQ(held(), 6000u);
  ear.exchange.consume(1000);
  EXPECT_EQ(held(), 5000u);
  bed_.connection.reset();
  EXPECT_EQ(guard_.account().held(), 5000u);
  ear.exchange.let_go(5000);
  EXPECT_EQ(guard_.account().held(), 0u);
}

TEST_F(Memory, WhatWasTakenOutOfTheReadBufferIsChargedToo) {
  bed_.react = [](Ear& ear) {
    const Buffer taken = ear.exchange.take(600);
    EXPECT_EQ(taken.size(), 600u);
    EXPECT_EQ(ear.body().size(), 400u);
    ear.exchange.consume(400);
  };
  Ear& ear = request_with(1000);
  EXPECT_EQ(held(), 600u);
  ear.exchange.give_back(600);
  EXPECT_EQ(held(), 0u);
}

TEST_F(Memory, WhatWasTakenIsGivenBackAfterTheConnectionToo) {
  Ear& ear = request_with(1000);
  const Buffer taken = ear.exchange.take(1000);
  bed_.connection.reset();
  EXPECT_EQ(guard_.account().held(), 1000u);
  ear.exchange.give_back(1000);
  EXPECT_EQ(guard_.account().held(), 0u);
}

TEST_F(Memory, AFinishedExchangeGivesBackWhatNobodyRead) {
  Ear& ear = request_with(1000);
  bed_.answer(ear);
  bed_.turn();
  EXPECT_EQ(held(), 0u);
}

TEST_F(Memory, AResetOneDoesWhenItsUserIsDone) {
  Ear& ear = request_with(1000);
  bed_.give(rst(1, http2::ErrorCode::cancel));
  EXPECT_EQ(held(), 1000u) << "it may still be read";
  ear.exchange.finish();
  bed_.give(ping(1));
  EXPECT_EQ(held(), 0u);
}

TEST_F(Memory, AnExchangeThatOutlivesItsConnectionStillGivesBack) {
  Ear& ear = request_with(1000);
  bed_.lose();
  ASSERT_EQ(bed_.connection, nullptr);
  EXPECT_EQ(held(), 1000u);
  ear.exchange.consume(400);
  EXPECT_EQ(held(), 600u);
  bed_.ears.clear();
  EXPECT_EQ(held(), 0u);
}

TEST_F(Memory, OutputIsChargedWhileThePeerDoesNotTakeIt) {
  bed_.line.room = 0;
  Ear& ear = request_with(0);
  ear.exchange.send_head(bed_.head, {}, false);
  ear.write(std::string(100'000, 'z'));  // above the window: some of it is queued
  bed_.turn();
  EXPECT_GT(held(), 100'000u);
  bed_.line.room = SIZE_MAX;
  bed_.give(window_update(1, 100'000) + window_update(0, 100'000));
  EXPECT_GT(held(), 100'000u) << "what the output keeps for the next, once it was needed";
  ear.exchange.send_trailers(bed_.trailers, {});
  ear.exchange.finish();
  bed_.give(data(1, "").end_stream());
  bed_.pass(std::chrono::seconds(2));
  EXPECT_LE(held(), 16 * 1024u);
}

TEST_F(Memory, WhatIsQueuedForAStreamGoesWithIt) {
  Ear& ear = request_with(0);
  ear.exchange.send_head(bed_.head, {}, false);
  ear.write(std::string(100'000, 'z'));
  bed_.turn();
  const std::size_t before = held();
  EXPECT_GT(before, 100'000u);
  bed_.give(rst(1, http2::ErrorCode::cancel));
  EXPECT_LE(held(), before - 100'000u) << "all that its queue took, whatever the window had let out of it";
}

TEST_F(Memory, AndWithItsConnection) {
  Ear& ear = request_with(0);
  ear.exchange.send_head(bed_.head, {}, false);
  ear.write(std::string(100'000, 'z'));
  bed_.turn();
  bed_.lose();
  EXPECT_EQ(held(), 0u);
}

}  // namespace
}  // namespace pintle::transport

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
    bed_.connection->charge_to(&account_);
    bed_.established();
  }
  // A request with a body that nobody reads.
  Ear& request_with(std::size_t bytes) {
    bed_.give(headers(1, request()) + data(1, std::string(bytes, 'x')));
    return bed_.ear(1);
  }

  MemoryAccount account_{std::make_shared<MemoryBudget>(1 << 20)};
  TestBed bed_;
};

TEST_F(Memory, ABodyThatWaitsIsChargedUntilItIsConsumed) {
  Ear& ear = request_with(1000);
  EXPECT_EQ(account_.held(), 1000u);
  bed_.give(data(1, std::string(500, 'y')));
  EXPECT_EQ(account_.held(), 1500u);
  ear.exchange.consume(1200);
  EXPECT_EQ(account_.held(), 300u + bed_.connection->session().output().size());
  ear.exchange.consume(300);
  bed_.turn();
  EXPECT_EQ(account_.held(), 0u);
}

TEST_F(Memory, ABodyThatIsReadInPlaceCostsNothing) {
  bed_.react = [this](Ear& ear) {
    EXPECT_EQ(ear.body().size(), 1000u);
    ear.exchange.consume(1000);
    EXPECT_EQ(account_.held(), 0u);
  };
  request_with(1000);
  EXPECT_EQ(account_.held(), 0u);
}

TEST_F(Memory, AFinishedExchangeGivesBackWhatNobodyRead) {
  Ear& ear = request_with(1000);
  bed_.answer(ear);
  bed_.turn();
  EXPECT_EQ(account_.held(), 0u);
}

TEST_F(Memory, AResetOneDoesWhenItsUserIsDone) {
  Ear& ear = request_with(1000);
  bed_.give(rst(1, http2::ErrorCode::cancel));
  EXPECT_EQ(account_.held(), 1000u) << "it may still be read";
  ear.exchange.finish();
  EXPECT_EQ(account_.held(), 0u);
}

TEST_F(Memory, AnExchangeThatOutlivesItsConnectionStillGivesBack) {
  Ear& ear = request_with(1000);
  bed_.lose();
  ASSERT_EQ(bed_.connection, nullptr);
  EXPECT_EQ(account_.held(), 1000u);
  ear.exchange.consume(400);
  EXPECT_EQ(account_.held(), 600u);
  bed_.ears.clear();
  EXPECT_EQ(account_.held(), 0u);
}

TEST_F(Memory, OutputIsChargedWhileThePeerDoesNotTakeIt) {
  bed_.line.room = 0;
  Ear& ear = request_with(0);
  ear.exchange.send_head(bed_.head, {}, false);
  ear.write(std::string(100'000, 'z'));  // above the window: some of it is queued
  bed_.turn();
  const std::size_t held = account_.held();
  EXPECT_GT(held, 100'000u);
  EXPECT_EQ(held, bed_.connection->session().queued() + bed_.connection->session().output().size());
  bed_.line.room = SIZE_MAX;
  bed_.give(window_update(1, 100'000) + window_update(0, 100'000));
  EXPECT_EQ(account_.held(), 0u);
}

TEST_F(Memory, WhatIsQueuedForAStreamGoesWithIt) {
  Ear& ear = request_with(0);
  ear.exchange.send_head(bed_.head, {}, false);
  ear.write(std::string(100'000, 'z'));
  bed_.turn();
  EXPECT_EQ(account_.held(), 100'000u - 65'535u) << "what the window does not let out";
  bed_.give(rst(1, http2::ErrorCode::cancel));
  EXPECT_EQ(account_.held(), 0u);
}

TEST_F(Memory, AndWithItsConnection) {
  Ear& ear = request_with(0);
  ear.exchange.send_head(bed_.head, {}, false);
  ear.write(std::string(100'000, 'z'));
  bed_.turn();
  bed_.lose();
  EXPECT_EQ(account_.held(), 0u);
}

}  // namespace
}  // namespace pintle::transport

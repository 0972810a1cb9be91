#include <pintle/middleware/concurrency/admission_gate.hpp>

#include <gtest/gtest.h>

namespace pintle {
namespace {

using namespace std::chrono_literals;
constexpr TimePoint kNow{1h};

int enter(AdmissionGate& gate, std::size_t kind, int tries, TimePoint now = kNow) {
  int in = 0;
  for (int i = 0; i < tries; ++i) in += gate.enter(kind, 100, now) ? 1 : 0;
  return in;
}

TEST(AdmissionGate, LetsInAsManyAsThereIsRoomFor) {
  AdmissionGate gate({});
  EXPECT_EQ(enter(gate, 0, 150), 100);
  gate.leave(0);
  EXPECT_EQ(enter(gate, 0, 2), 1);
  EXPECT_EQ(gate.inside(), 100u);
}

TEST(AdmissionGate, WhatAKindDoesNotWantIsForOthers) {
  AdmissionGate gate({0.7, 0.3});
  EXPECT_EQ(enter(gate, 1, 150), 100);
}

TEST(AdmissionGate, WhatAKindWantsIsKeptForIt) {
  AdmissionGate gate({0.7, 0.3});
  EXPECT_EQ(enter(gate, 0, 1), 1);
  EXPECT_EQ(enter(gate, 1, 150), 30) << "the other was here a moment ago";
  EXPECT_EQ(enter(gate, 0, 150), 69);
  EXPECT_EQ(gate.inside(), 100u);
  for (int i = 0; i < 70; ++i) gate.leave(0);
  EXPECT_EQ(enter(gate, 1, 150, kNow + 999ms), 0);
  EXPECT_EQ(enter(gate, 1, 150, kNow + 1s), 70) << "and is away for a second now";
  EXPECT_EQ(enter(gate, 0, 150, kNow + 1s), 70) << "its own room is its own, whoever has borrowed it";
}

}  // namespace
}  // namespace pintle

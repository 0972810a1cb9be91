#include <pintle/wire/timeout.hpp>

#include <array>

#include <gtest/gtest.h>

namespace pintle::wire {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

std::string format(Duration timeout) {
  std::array<char, 16> room;
  return std::string(format_timeout(timeout, room));
}

TEST(Timeout, EveryUnitIsUnderstood) {
  EXPECT_EQ(parse_timeout("2H"), hours(2));
  EXPECT_EQ(parse_timeout("3M"), minutes(3));
  EXPECT_EQ(parse_timeout("4S"), seconds(4));
  EXPECT_EQ(parse_timeout("5m"), milliseconds(5));
  EXPECT_EQ(parse_timeout("6u"), microseconds(6));
  EXPECT_EQ(parse_timeout("7n"), Duration(7));
  EXPECT_EQ(parse_timeout("00000100m"), milliseconds(100));
  EXPECT_EQ(parse_timeout("99999999n"), Duration(99'999'999));
  EXPECT_EQ(parse_timeout("0n"), Duration(0));
}

TEST(Timeout, WhatIsTooLongForADurationSaturates) {
  EXPECT_EQ(parse_timeout("99999999H"), Duration::max());
  EXPECT_EQ(parse_timeout("2562048H"), Duration::max());
  EXPECT_EQ(parse_timeout("2562047H"), hours(2'562'047));
  EXPECT_EQ(parse_timeout("99999999M"), minutes(99'999'999));
}

TEST(Timeout, MalformedIsRefused) {
  for (const char* value : {"", "5", "n", "S", "100000000n", "123456789S", "5s", "5h", "5x", "-5S", "+5S", " 5S", "5S ",
                            "5 S", "5.0S", "0x5S", "5SS", "m5", "1e3n"}) {
    EXPECT_EQ(parse_timeout(value), std::nullopt) << value;
  }
  EXPECT_EQ(parse_timeout(std::string_view("5\0", 2)), std::nullopt);
}

TEST(Timeout, TheFinestUnitThatFitsIsSent) {
  EXPECT_EQ(format(Duration(1)), "1n");
  EXPECT_EQ(format(Duration(99'999'999)), "99999999n");
  EXPECT_EQ(format(milliseconds(100)), "100000u");
  EXPECT_EQ(format(seconds(99)), "99000000u");
  EXPECT_EQ(format(seconds(100)), "100000m");
  EXPECT_EQ(format(hours(1)), "3600000m");
  EXPECT_EQ(format(hours(28)), "100800S");
  EXPECT_EQ(format(hours(24 * 365 * 4)), "2102400M");
  EXPECT_EQ(format(Duration::max()), "2562047H");
}

TEST(Timeout, NeverSentLongerThanItIs) {
  EXPECT_EQ(format(Duration(100'000'999)), "100000u");
  EXPECT_EQ(format(seconds(100) + Duration(999'999)), "100000m");
}

TEST(Timeout, WhatIsNotPositiveBecomesTheShortest) {
  EXPECT_EQ(format(Duration(0)), "1n");
  EXPECT_EQ(format(seconds(-5)), "1n");
  EXPECT_EQ(format(Duration::min()), "1n");
}

}  // namespace
}  // namespace pintle::wire

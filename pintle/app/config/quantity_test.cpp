#include <pintle/app/config/internal/quantity.hpp>

#include <gtest/gtest.h>

namespace pintle::app {
namespace {

using namespace std::chrono_literals;

TEST(Quantity, Durations) {
  EXPECT_EQ(parse_duration("0"), 0ns);
  EXPECT_EQ(parse_duration("7ns"), 7ns);
  EXPECT_EQ(parse_duration("6us"), 6us);
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("5s"), 5s);
  EXPECT_EQ(parse_duration("2m"), 2min);
  EXPECT_EQ(parse_duration("3h"), 3h);
  EXPECT_EQ(parse_duration("1d"), 24h);
  EXPECT_EQ(parse_duration("1m30s"), 90s);
  EXPECT_EQ(parse_duration("1.5h"), 90min);
  EXPECT_EQ(parse_duration("0.000000001s"), 1ns);
  for (const char* text : {"", "5", "s", "5 s", "-5s", "5S", "5sec", "1.s", ".5s", "1e3s", "5s ", "1m30", "300000000h",
                           "99999999999999999999s", "1.0000000001s", "none"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Quantity, DurationsBeyondAllBoundsAreRefused) {
  for (const char* text : {"9999999999999999999d", "99999999999999999999d", "9223372036854775808ns", "106752d"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
  EXPECT_EQ(parse_duration("9223372036854775807ns"), Duration::max());
}

TEST(Quantity, DurationsComeBack) {
  for (const char* text : {"0s", "7ns", "6us", "250ms", "90s", "2m", "48h", "1500ms"}) {
    EXPECT_EQ(format_duration(*parse_duration(text)), text);
  }
  EXPECT_EQ(format_duration(*parse_duration("1m30s")), "90s");
}

TEST(Quantity, Sizes) {
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("512"), 512u);
  EXPECT_EQ(parse_size("512B"), 512u);
  EXPECT_EQ(parse_size("64KiB"), 65536u);
  EXPECT_EQ(parse_size("4MiB"), 4u << 20);
  EXPECT_EQ(parse_size("1.5GiB"), 3u << 29);
  EXPECT_EQ(parse_size("10kB"), 10'000u);
  EXPECT_EQ(parse_size("10MB"), 10'000'000u);
  EXPECT_EQ(parse_size("1GB"), 1'000'000'000u);
  EXPECT_EQ(parse_size("10000000000000000001"), 10'000'000'000'000'000'001u);
  EXPECT_EQ(parse_size("18446744073709551615"), ~std::uint64_t{0});
  for (const char* text : {"", "B", "4 MiB", "4mib", "4M", "4K", "-1", "0.5", "1.5", "18446744073709551616",
                           "99999999999999GiB", "99999999999999999999GiB", "184467440737095516150"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(Quantity, SizesComeBack) {
  for (const char* text : {"0", "512", "1KiB", "65535", "64KiB", "4MiB", "1GiB"}) {
    EXPECT_EQ(format_size(*parse_size(text)), text);
  }
}

}  // namespace
}  // namespace pintle::app

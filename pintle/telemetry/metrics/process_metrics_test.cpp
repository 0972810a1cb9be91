#include <pintle/telemetry/metrics/process_metrics.hpp>

#include <map>

#include <gmock/gmock.h>

namespace pintle {
namespace {

using ::testing::IsEmpty;

std::map<std::string, double> by_name(const std::vector<MetricFamily>& families) {
  std::map<std::string, double> values;
  for (const MetricFamily& family : families) values[family.name] = family.points.at(0).value;
  return values;
}

// A program may be called anything, also this.
constexpr char kStat[] =
    "42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 7 0 1000 123456789 300 18446744073709551615 1 1\n";

TEST(ProcessMetrics, AreReadBehindTheNameOfTheProgram) {
  const auto values =
      by_name(detail::process_metrics_of(kStat, "cpu 1 2\nctxt 5\nbtime 1700000000\nprocesses 9\n", {100, 4096}));
  EXPECT_EQ(values.at("process_cpu_seconds_total"), 3);
  EXPECT_EQ(values.at("process_threads"), 7);
  EXPECT_EQ(values.at("process_virtual_memory_bytes"), 123456789);
  EXPECT_EQ(values.at("process_resident_memory_bytes"), 300 * 4096);
  EXPECT_EQ(values.at("process_start_time_seconds"), 1700000010);
}

TEST(ProcessMetrics, WhatIsNotThereIsLeftOut) {
  for (const char* text : {"", "42 (x", "42 (x) S 1 2 3"})
    EXPECT_THAT(detail::process_metrics_of(text, "", {}), IsEmpty()) << text;
  EXPECT_EQ(by_name(detail::process_metrics_of(kStat, "cpu 1", {})).count("process_start_time_seconds"), 0u);
}

TEST(ProcessMetrics, AreThoseOfThisProcess) {
  const auto values = by_name(process_metrics());
  EXPECT_GT(values.at("process_resident_memory_bytes"), 1'000'000);
  EXPECT_GE(values.at("process_open_fds"), 3);
  EXPECT_GE(values.at("process_max_fds"), values.at("process_open_fds"));
  EXPECT_GT(values.at("process_start_time_seconds"), 1'600'000'000);
}

}  // namespace
}  // namespace pintle

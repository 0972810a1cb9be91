#include <thread>

#include <gtest/gtest.h>

#include <pintle/telemetry/metrics/metric_registry.hpp>

namespace pintle {
namespace {

TEST(MetricRegistryThreads, NothingIsLostWhereManyCountAndOthersAskAndGather) {
  constexpr int kThreads = 8, kTimes = 5'000;
  MetricRegistry registry;
  const Meters meters(&registry);
  const Counter calls = meters.counter({"calls", "", "", {}});
  const Gauge open = meters.gauge({"open", "", "", {}});
  const Histogram took = meters.histogram({"took", "s", "", {}});
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < kTimes; ++i) {
        calls.add();
        open.add(i % 2 == 0 ? 1 : -1);
        took.record(0.01, TraceRef{1, static_cast<std::uint64_t>(t + 1), 1});
        if (i % 500 == 0) meters.counter({"other", "", "", {}}, {{"i", i}, {"thread", t}}).add();
        if (i % 1000 == 0) registry.gather();
      }
    });
  threads.clear();
  for (const MetricFamily& family : registry.gather()) {
    const MetricPoint& point = family.points.front();
    if (family.name == "calls") EXPECT_EQ(point.value, kThreads * kTimes);
    if (family.name == "open") EXPECT_EQ(point.value, 0);
    if (family.name == "took") EXPECT_EQ(point.count, static_cast<std::uint64_t>(kThreads * kTimes));
    if (family.name == "other") EXPECT_EQ(family.points.size(), static_cast<std::size_t>(kThreads * kTimes / 500));
  }
}

}  // namespace
}  // namespace pintle

#include <pintle/telemetry/metrics/metric_registry.hpp>

#include <gmock/gmock.h>

namespace pintle {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr Instrument kCalls{"calls", "{call}", "Calls.", {}};
constexpr double kBounds[] = {1, 2, 5};
constexpr Instrument kSizes{"sizes", "By", "Sizes.", kBounds};

const MetricFamily& family(const std::vector<MetricFamily>& all, std::string_view name) {
  const auto found = std::ranges::find(all, name, &MetricFamily::name);
  if (found == all.end()) throw std::logic_error("no family " + std::string(name));
  return *found;
}

struct MetricRegistryTest : ::testing::Test {
  MetricRegistry registry;
  Meters meters{&registry};
};

TEST_F(MetricRegistryTest, ACounterIsTheSumOfWhatWasAdded) {
  const Counter a = meters.counter(kCalls, {{"method", "Get"}}), b = meters.counter(kCalls, {{"method", "Put"}});
  a.add();
  a.add(4);
  b.add(2);
  const auto all = registry.gather();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].kind, MetricKind::counter);
  EXPECT_EQ(all[0].unit, "{call}");
  EXPECT_EQ(all[0].description, "Calls.");
  ASSERT_THAT(all[0].points, SizeIs(2));
  EXPECT_THAT(all[0].points[0].attributes, ElementsAre(Pair("method", "Get")));
  EXPECT_EQ(all[0].points[0].value, 5);
  EXPECT_EQ(all[0].points[1].value, 2);
}

TEST_F(MetricRegistryTest, TheSameInstrumentIsTheSameSeriesWhoeverAsks) {
  meters.counter(kCalls, {{"n", 7}}).add();
  meters.counter(kCalls, {{"n", 7}}).add();
  EXPECT_EQ(registry.gather()[0].points[0].value, 2);
}

TEST_F(MetricRegistryTest, AGaugeIsTheSumOfChangesOrWhatWasSetLast) {
  const Gauge sum = meters.gauge({"sum", "", "", {}}), last = meters.gauge({"last", "", "", {}});
  sum.add(5);
  sum.add(-2.5);
  last.set(3);
  last.set(4.5);
  const auto all = registry.gather();
  EXPECT_EQ(family(all, "sum").points[0].value, 2.5);
  EXPECT_EQ(family(all, "last").points[0].value, 4.5);
}

TEST_F(MetricRegistryTest, ABucketHasWhatIsAtMostItsBound) {
  const Histogram sizes = meters.histogram(kSizes);
  for (const double value : {0.0, 1.0, 1.5, 5.0, 5.1, 100.0}) sizes.record(value);
  const auto all = registry.gather();
  EXPECT_THAT(all[0].bounds, ElementsAre(1, 2, 5));
  const MetricPoint& point = all[0].points[0];
  EXPECT_THAT(point.buckets, ElementsAre(2, 1, 1, 2));
  EXPECT_EQ(point.count, 6u);
  EXPECT_DOUBLE_EQ(point.sum, 112.6);
}

TEST_F(MetricRegistryTest, ACallThatIsTracedIsTheExemplarOfItsBucket) {
  const Histogram sizes = meters.histogram(kSizes);
  sizes.record(1.5);
  sizes.record(1.6, TraceRef{1, 2, 3});
  sizes.record(1.7, TraceRef{4, 5, 6});
  sizes.record(1.8, TraceRef{});
  const MetricPoint point = registry.gather()[0].points[0];
  ASSERT_THAT(point.exemplars, SizeIs(1));
  EXPECT_EQ(point.exemplars[0].first, 1u);
  EXPECT_EQ(point.exemplars[0].second.value, 1.7);
  EXPECT_EQ(point.exemplars[0].second.span, 6u);
  EXPECT_EQ(point.count, 4u);
}

TEST_F(MetricRegistryTest, AttributesThatGrowWithoutEndAreOneSeriesInTheEnd) {
  MetricOptions options;
  options.max_series = 100;
  MetricRegistry bounded(options);
  const Meters bounded_meters(&bounded);
  for (int i = 0; i < 1000; ++i) bounded_meters.counter(kCalls, {{"path", i}}).add();
  const auto all = bounded.gather();
  ASSERT_THAT(all[0].points, SizeIs(101));
  const auto rest =
      std::ranges::find(all[0].points, std::vector{std::pair<std::string, std::string>("otel.metric.overflow", "true")},
                        &MetricPoint::attributes);
  ASSERT_NE(rest, all[0].points.end());
  EXPECT_EQ(rest->value, 900);
}

TEST_F(MetricRegistryTest, AnInstrumentOfAnotherKindUnderTheSameNameDisturbsNobody) {
  meters.counter(kCalls).add(3);
  meters.gauge(kCalls).set(9);
  meters.histogram(kCalls).record(1);
  const auto all = registry.gather();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].points[0].value, 3);
}

TEST_F(MetricRegistryTest, AHistogramWithoutBoundsHasThoseOfOpenTelemetry) {
  meters.histogram({"took", "s", "", {}}).record(0.07);
  const auto all = registry.gather();
  EXPECT_EQ(all[0].bounds.size(), 14u);
  EXPECT_EQ(all[0].points[0].buckets[4], 1u);
}

TEST_F(MetricRegistryTest, ManySeriesKeepTheirPlacesApart) {
  std::vector<Counter> counters;
  std::vector<Histogram> histograms;
  for (int i = 0; i < 700; ++i) {
    counters.push_back(meters.counter(kCalls, {{"i", i}}));
    histograms.push_back(meters.histogram(kSizes, {{"i", i}}));
  }
  for (int i = 0; i < 700; ++i) {
    counters[static_cast<std::size_t>(i)].add(static_cast<std::uint64_t>(i));
    histograms[static_cast<std::size_t>(i)].record(i);
  }
  const auto all = registry.gather();
  for (const MetricPoint& point : family(all, "calls").points)
    EXPECT_EQ(point.value, std::stoi(point.attributes[0].second));
  for (const MetricPoint& point : family(all, "sizes").points) {
    EXPECT_EQ(point.sum, std::stoi(point.attributes[0].second));
    EXPECT_EQ(point.count, 1u);
  }
}

}  // namespace
}  // namespace pintle

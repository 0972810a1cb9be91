#include <pintle/telemetry/metrics/prometheus_text.hpp>

#include <limits>

#include <gmock/gmock.h>

namespace pintle {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string text(const std::vector<MetricFamily>& families, MetricText format = MetricText::prometheus) {
  std::string out;
  write_metrics(families, format, out);
  return out;
}

MetricFamily counter(std::string name, double value, std::string unit = "") {
  MetricFamily family(MetricKind::counter, std::move(name), std::move(unit), "What it counts.");
  family.points.emplace_back(std::vector<std::pair<std::string, std::string>>(), value);
  return family;
}

MetricFamily durations() {
  MetricFamily family(MetricKind::histogram, "rpc.server.call.duration", "s", "How long.");
  family.bounds = {0.5, 1};
  MetricPoint& point = family.points.emplace_back();
  point.attributes = {{"rpc.method", "a.B/C"}};
  point.buckets = {2, 0, 1};
  point.sum = 4.25;
  point.count = 3;
  point.exemplars = {{2, {3.5, 0x1, 0x2, 0x3}}};
  return family;
}

TEST(PrometheusText, ACounterEndsInTotal) {
  EXPECT_EQ(text({counter("grpc.server.call.started", 7, "{call}")}),
            "# HELP grpc_server_call_started_total What it counts.\n"
            "# TYPE grpc_server_call_started_total counter\n"
            "grpc_server_call_started_total 7\n");
  EXPECT_THAT(text({counter("grpc_server_handled_total", 7)}), HasSubstr("\ngrpc_server_handled_total 7\n"));
  EXPECT_THAT(text({counter("sent", 7, "By")}), HasSubstr("\nsent_bytes_total 7\n"));
}

TEST(PrometheusText, OpenMetricsNamesTheFamilyWithoutItAndEndsWithEof) {
  EXPECT_EQ(text({counter("calls", 7)}, MetricText::open_metrics),
            "# HELP calls What it counts.\n# TYPE calls counter\ncalls_total 7\n# EOF\n");
}

TEST(PrometheusText, BucketsAddUp) {
  EXPECT_EQ(text({durations()}),
            "# HELP rpc_server_call_duration_seconds How long.\n"
            "# TYPE rpc_server_call_duration_seconds histogram\n"
            "rpc_server_call_duration_seconds_bucket{rpc_method=\"a.B/C\",le=\"0.5\"} 2\n"
            "rpc_server_call_duration_seconds_bucket{rpc_method=\"a.B/C\",le=\"1.0\"} 2\n"
            "rpc_server_call_duration_seconds_bucket{rpc_method=\"a.B/C\",le=\"+Inf\"} 3\n"
            "rpc_server_call_duration_seconds_sum{rpc_method=\"a.B/C\"} 4.25\n"
            "rpc_server_call_duration_seconds_count{rpc_method=\"a.B/C\"} 3\n");
}

TEST(PrometheusText, OnlyOpenMetricsHasExemplarsAndUnits) {
  const std::string open = text({durations()}, MetricText::open_metrics);
  EXPECT_THAT(open, HasSubstr("le=\"+Inf\"} 3 # {trace_id=\"00000000000000010000000000000002\","
                              "span_id=\"0000000000000003\"} 3.5\n"));
  EXPECT_THAT(open, HasSubstr("# UNIT rpc_server_call_duration_seconds seconds\n"));
  EXPECT_THAT(text({durations()}), Not(HasSubstr("trace_id")));
}

TEST(PrometheusText, WhatStrangersWroteCanNotForgeALine) {
  MetricFamily family = counter("calls", 1);
  family.description = "a\nb\\c";
  family.points[0].attributes = {{"0 bad-key", "a\"b\\c\nd 9"}};
  EXPECT_EQ(text({family}),
            "# HELP calls_total a\\nb\\\\c\n# TYPE calls_total counter\n"
            "calls_total{_0_bad_key=\"a\\\"b\\\\c\\nd 9\"} 1\n");
}

TEST(PrometheusText, NumbersAreWrittenAsTheFormatSays) {
  MetricFamily family(MetricKind::gauge, "g", "", "");
  for (const double value :
       {1.5, 1e16, -3.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()})
    family.points.emplace_back(std::vector<std::pair<std::string, std::string>>(), value);
  EXPECT_THAT(text({family}), HasSubstr("\ng 1.5\ng 1e+16\ng -3\ng +Inf\ng NaN\n"));
}

TEST(PrometheusText, OfTwoFamiliesThatBecomeOneTheFirstIsShown) {
  const std::string shown = text({counter("a.b", 1), counter("a_b", 2)});
  EXPECT_THAT(shown, HasSubstr("a_b_total 1\n"));
  EXPECT_THAT(shown, Not(HasSubstr("a_b_total 2\n")));
}

TEST(PrometheusText, AScrapeGetsWhatItAsksFor) {
  EXPECT_EQ(metric_text_for("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.2"),
            MetricText::open_metrics);
  EXPECT_EQ(metric_text_for("*/*"), MetricText::prometheus);
  EXPECT_EQ(metric_text_for(""), MetricText::prometheus);
}

}  // namespace
}  // namespace pintle

#include <pintle/telemetry/otlp/otlp_exporter.hpp>

#include <gmock/gmock.h>
#include <google/rpc/error_details.pb.h>
#include <opentelemetry/proto/collector/logs/v1/logs_service.pintle.hpp>
#include <opentelemetry/proto/collector/metrics/v1/metrics_service.pintle.hpp>
#include <opentelemetry/proto/collector/trace/v1/trace_service.pintle.hpp>

#include <pintle/rpc/details.hpp>
#include <pintle/telemetry/tracing/tracer.hpp>
#include <pintle/testing/kit/in_memory_server.hpp>
#include <pintle/testing/kit/observed.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
namespace collector = opentelemetry::proto::collector;
using collector::metrics::v1::ExportMetricsServiceRequest;
using collector::metrics::v1::ExportMetricsServiceResponse;
using collector::trace::v1::ExportTraceServiceRequest;
using collector::trace::v1::ExportTraceServiceResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

struct Traces final : collector::trace::v1::TraceService::Service {
  Task<Result<ExportTraceServiceResponse>> Export(Call& call, const ExportTraceServiceRequest& request) override {
    key = call.request_metadata.get("api-key").value_or("none");
    ++asked;
    if (!answers.empty()) {
      const Status answer = answers.front();
      answers.erase(answers.begin());
      if (!answer.ok()) co_return std::unexpected(answer);
    }
    got.push_back(request);
    ExportTraceServiceResponse response;
    response.mutable_partial_success()->set_rejected_spans(rejects);
    co_return response;
  }
  std::vector<Status> answers;
  std::vector<ExportTraceServiceRequest> got;
  std::string key;
  int asked = 0, rejects = 0;
};

struct MetricsOfOthers final : collector::metrics::v1::MetricsService::Service {
  Task<Result<ExportMetricsServiceResponse>> Export(Call&, const ExportMetricsServiceRequest& request) override {
    got.push_back(request);
    co_return ExportMetricsServiceResponse();
  }
  std::vector<ExportMetricsServiceRequest> got;
};

struct LogsOfOthers final : collector::logs::v1::LogsService::Service {
  Task<Result<collector::logs::v1::ExportLogsServiceResponse>> Export(
      Call&, const collector::logs::v1::ExportLogsServiceRequest& request) override {
    got.push_back(request);
    co_return collector::logs::v1::ExportLogsServiceResponse();
  }
  std::vector<collector::logs::v1::ExportLogsServiceRequest> got;
};

struct OtlpExporterTest : ::testing::Test {
  OtlpExporterTest() {
    EXPECT_TRUE(server.server().add(traces).ok());
    EXPECT_TRUE(server.server().add(metrics).ok());
    EXPECT_TRUE(server.server().add(logs).ok());
    OtlpRequestOptions options;
    options.headers = {{"api-key", "k"}};
    exporter.emplace(otlp_over_grpc(server.channel(), options), make_resource("items", ""), OtlpOptions(), log.logger(),
                     meter.meters());
  }
  void span(std::string_view name) { tracer.begin(name, SpanKind::server, nullptr); }
  double counted(std::string_view attributes = "") const {
    return meter.value("otel.sdk.exporter.span.exported" + std::string(attributes));
  }

  Traces traces;
  MetricsOfOthers metrics;
  LogsOfOthers logs;
  testing::ObservedLog log;
  testing::ObservedMeter meter;
  testing::InMemoryServer server;
  SpanQueue queue{100, 10};
  Tracer tracer{Sampler(), &queue, server.loop().clock(), [] { return 0.25; }};
  std::optional<OtlpExporter> exporter;
};

TEST_F(OtlpExporterTest, SpansWaitForOthersButNotForLong) {
  auto running = server.loop().start(exporter->export_spans(queue));
  span("one");
  span("two");
  server.loop().advance(4s);
  EXPECT_THAT(traces.got, SizeIs(0));
  server.loop().advance(1s);
  ASSERT_THAT(traces.got, SizeIs(1));
  const auto& all = traces.got[0].resource_spans(0);
  EXPECT_EQ(all.resource().attributes(4).key(), "service.name");
  EXPECT_EQ(all.resource().attributes(4).value().string_value(), "items");
  ASSERT_EQ(all.scope_spans(0).spans_size(), 2);
  const auto& first = all.scope_spans(0).spans(0);
  EXPECT_EQ(first.name(), "one");
  EXPECT_EQ(first.trace_id().size(), 16u);
  EXPECT_EQ(first.span_id().size(), 8u);
  EXPECT_EQ(first.parent_span_id(), "");
  EXPECT_GT(first.start_time_unix_nano(), 1'600'000'000'000'000'000u);
  EXPECT_EQ(traces.key, "k");
  EXPECT_EQ(counted(), 2);
  running.cancel();
  server.loop().run_until_idle();
  EXPECT_TRUE(running.done());
}

TEST_F(OtlpExporterTest, AFullBatchGoesAtOnce) {
  auto running = server.loop().start(exporter->export_spans(queue));
  for (int i = 0; i < 25; ++i) span("s");
  server.loop().run_until_idle();
  EXPECT_THAT(traces.got, SizeIs(3));
  EXPECT_EQ(counted(), 25);
  running.cancel();
  server.loop().run_until_idle();
}

TEST_F(OtlpExporterTest, WhatMayPassIsTriedAgainAndSaidOnce) {
  traces.answers = {Status(Code::unavailable, "away"), Status(Code::unavailable, "away"), Status()};
  span("one");
  EXPECT_EQ(server.loop().run(exporter->flush(queue)), Status());
  EXPECT_EQ(traces.asked, 3);
  EXPECT_THAT(traces.got, SizeIs(1));
  EXPECT_EQ(counted(), 1);
}

TEST_F(OtlpExporterTest, WhatWillNotPassIsDroppedAndCounted) {
  traces.answers = {Status(Code::invalid_argument, "no")};
  span("one");
  EXPECT_EQ(server.loop().run(exporter->flush(queue)).code(), Code::invalid_argument);
  EXPECT_EQ(traces.asked, 1);
  EXPECT_EQ(counted("{error.type=failed}"), 1);
  traces.answers.assign(5, Status(Code::unavailable, "away"));
  span("two");
  EXPECT_EQ(server.loop().run(exporter->flush(queue)).code(), Code::unavailable);
  EXPECT_EQ(traces.asked, 6);
  EXPECT_EQ(queue.size(), 0u);
  span("three");
  EXPECT_EQ(server.loop().run(exporter->flush(queue)), Status());
  EXPECT_THAT(log.lines(), ElementsAre(HasSubstr("can't be exported"), HasSubstr("exported again")));
}

TEST_F(OtlpExporterTest, ACollectorThatIsAwayCostsSpansAndNotMemory) {
  for (int i = 0; i < 150; ++i) span("s");
  EXPECT_EQ(queue.size(), 100u);
  EXPECT_EQ(queue.dropped(), 50u);
  EXPECT_EQ(server.loop().run(exporter->flush(queue)), Status());
  EXPECT_EQ(meter.value("otel.sdk.processor.span.processed{error.type=queue_full}"), 50);
  EXPECT_EQ(counted(), 100);
}

TEST_F(OtlpExporterTest, ThoseThatTheCollectorRejectsAreCountedAsSuch) {
  traces.rejects = 2;
  for (int i = 0; i < 5; ++i) span("s");
  EXPECT_EQ(server.loop().run(exporter->flush(queue)), Status());
  EXPECT_EQ(counted(), 3);
  EXPECT_EQ(counted("{error.type=rejected}"), 2);
}

TEST_F(OtlpExporterTest, LogLinesAreRecordsOfTheirSpans) {
  testing::ObservedLog shown;
  LogQueue lines(shown, 10, 2);
  auto running = server.loop().start(exporter->export_logs(lines));
  const Logger logger(&lines);
  logger.warn("low stock", {{"trace_id", "0000000000000001000000000000000a"},
                            {"span_id", "00000000000000ff"},
                            {"item", "bolt"},
                            {"left", 3},
                            {"ratio", 0.5},
                            {"last", true}});
  server.loop().advance(5s);
  ASSERT_THAT(logs.got, SizeIs(1));
  const auto& record = logs.got[0].resource_logs(0).scope_logs(0).log_records(0);
  EXPECT_EQ(record.body().string_value(), "low stock");
  EXPECT_EQ(record.severity_text(), "WARN");
  EXPECT_EQ(record.severity_number(), 13);
  EXPECT_EQ(record.trace_id(), std::string("\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\x0a", 16));
  EXPECT_EQ(record.span_id(), std::string("\0\0\0\0\0\0\0\xff", 8));
  ASSERT_EQ(record.attributes_size(), 4);
  EXPECT_EQ(record.attributes(0).key(), "item");
  EXPECT_EQ(record.attributes(1).value().int_value(), 3);
  EXPECT_TRUE(record.attributes(3).value().bool_value());
  EXPECT_THAT(shown.lines(), SizeIs(1));
  EXPECT_EQ(meter.value("otel.sdk.exporter.log.exported"), 1);
  logger.info("one");
  logger.info("two");
  server.loop().run_until_idle();
  EXPECT_THAT(logs.got, SizeIs(2)) << "a full batch goes at once";
  running.cancel();
  server.loop().run_until_idle();
}

TEST_F(OtlpExporterTest, MetricsAreCumulativeWithTheirBoundsAndExemplars) {
  const auto families = [] {
    std::vector<MetricFamily> all;
    all.emplace_back(MetricKind::counter, "calls", "{call}", "Calls.")
        .points.emplace_back(std::vector<std::pair<std::string, std::string>>{{"method", "Get"}}, 7);
    MetricFamily& took = all.emplace_back(MetricKind::histogram, "took", "s", "Time.");
    took.bounds = {1, 2};
    MetricPoint& point = took.points.emplace_back();
    point.buckets = {3, 0, 1};
    point.count = 4;
    point.sum = 9.5;
    point.exemplars = {{2, {5, 1, 2, 3}}};
    return all;
  };
  auto running = server.loop().start(exporter->export_metrics(families));
  server.loop().advance(60s);
  ASSERT_THAT(metrics.got, SizeIs(1));
  const auto& scoped = metrics.got[0].resource_metrics(0).scope_metrics(0);
  ASSERT_EQ(scoped.metrics_size(), 2);
  EXPECT_TRUE(scoped.metrics(0).sum().is_monotonic());
  EXPECT_EQ(scoped.metrics(0).sum().data_points(0).as_double(), 7);
  EXPECT_EQ(scoped.metrics(0).sum().data_points(0).attributes(0).value().string_value(), "Get");
  const auto& point = scoped.metrics(1).histogram().data_points(0);
  EXPECT_THAT(point.bucket_counts(), ElementsAre(3, 0, 1));
  EXPECT_THAT(point.explicit_bounds(), ElementsAre(1, 2));
  EXPECT_EQ(point.exemplars(0).trace_id().size(), 16u);
  running.cancel();
  server.loop().run_until_idle();
}

TEST(OtlpRetry, IsForWhatTheSpecificationNames) {
  for (const Code code : {Code::cancelled, Code::deadline_exceeded, Code::aborted, Code::out_of_range,
                          Code::unavailable, Code::data_loss})
    EXPECT_TRUE(is_otlp_retryable(Status(code, "")));
  for (const Code code : {Code::invalid_argument, Code::unimplemented, Code::resource_exhausted, Code::internal})
    EXPECT_FALSE(is_otlp_retryable(Status(code, "")));
  EXPECT_TRUE(is_otlp_retryable(with_detail(Status(Code::resource_exhausted, ""), google::rpc::RetryInfo())));
}

}  // namespace
}  // namespace pintle

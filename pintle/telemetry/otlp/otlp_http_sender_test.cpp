#include <gmock/gmock.h>
#include <google/rpc/error_details.pb.h>
#include <opentelemetry/proto/collector/logs/v1/logs_service.pb.h>
#include <opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h>
#include <opentelemetry/proto/collector/trace/v1/trace_service.pb.h>

#include <pintle/rpc/details.hpp>
#include <pintle/telemetry/otlp/otlp_sender.hpp>
#include <pintle/testing/kit/scripted_fetcher.hpp>
#include <pintle/testing/kit/test_loop.hpp>

namespace pintle {
namespace {

namespace collector = opentelemetry::proto::collector;
using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::Pair;

struct OtlpHttpSenderTest : ::testing::Test {
  OtlpHttpSenderTest() {
    OtlpRequestOptions options;
    options.headers = {{"api-key", "k"}};
    options.timeout = 3s;
    sender = otlp_over_http(fetcher, OtlpUrls("http://collector:4318/"), options);
    spans.add_resource_spans();
  }
  OtlpAnswer send() { return loop.run(sender->send(spans)); }

  testing::TestLoop loop;
  std::shared_ptr<testing::ScriptedFetcher> fetcher = std::make_shared<testing::ScriptedFetcher>();
  std::unique_ptr<OtlpSender> sender;
  collector::trace::v1::ExportTraceServiceRequest spans;
};

TEST_F(OtlpHttpSenderTest, PostsBinaryProtobufToEachKindsPath) {
  fetcher->answers(200, "");
  EXPECT_EQ(send(), OtlpAnswer(0));
  EXPECT_EQ(loop.run(sender->send(collector::metrics::v1::ExportMetricsServiceRequest())), OtlpAnswer(0));
  EXPECT_EQ(loop.run(sender->send(collector::logs::v1::ExportLogsServiceRequest())), OtlpAnswer(0));
  const auto& requests = fetcher->requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].url, "http://collector:4318/v1/traces");
  EXPECT_EQ(requests[1].url, "http://collector:4318/v1/metrics");
  EXPECT_EQ(requests[2].url, "http://collector:4318/v1/logs");
  EXPECT_EQ(requests[0].method, "POST");
  EXPECT_EQ(requests[0].body, spans.SerializeAsString());
  EXPECT_EQ(requests[0].timeout, 3s);
  EXPECT_THAT(requests[0].headers, Contains(Pair("content-type", "application/x-protobuf")));
  EXPECT_THAT(requests[0].headers, Contains(Pair("api-key", "k")));
}

TEST_F(OtlpHttpSenderTest, SaysWhatTheCollectorRejected) {
  collector::trace::v1::ExportTraceServiceResponse response;
  response.mutable_partial_success()->set_rejected_spans(3);
  fetcher->answers(200, response.SerializeAsString());
  EXPECT_EQ(send(), OtlpAnswer(3));
}

TEST_F(OtlpHttpSenderTest, OnlyWhatMayPassMayBeSentAgain) {
  for (const int status : {429, 502, 503, 504}) {
    fetcher->answers(status, "");
    EXPECT_TRUE(is_otlp_retryable(send().error())) << status;
  }
  for (const int status : {302, 400, 401, 404, 413, 500}) {
    fetcher->answers(status, "");
    EXPECT_FALSE(is_otlp_retryable(send().error())) << status;
  }
  fetcher->fails(Status(Code::unavailable, "no way"));
  EXPECT_TRUE(is_otlp_retryable(send().error()));
}

TEST_F(OtlpHttpSenderTest, HearsHowLongToWait) {
  fetcher->answers(429, "", {{"retry-after", "17"}});
  EXPECT_EQ(detail_of<google::rpc::RetryInfo>(send().error())->retry_delay().seconds(), 17);
  fetcher->answers(503, "", {{"retry-after", "Wed, 21 Oct 2026 07:28:00 GMT"}});
  EXPECT_FALSE(detail_of<google::rpc::RetryInfo>(send().error()));
}

}  // namespace
}  // namespace pintle

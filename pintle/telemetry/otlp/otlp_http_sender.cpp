#include <algorithm>
#include <charconv>

#include <google/rpc/error_details.pb.h>
#include <opentelemetry/proto/collector/logs/v1/logs_service.pb.h>
#include <opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h>
#include <opentelemetry/proto/collector/trace/v1/trace_service.pb.h>

#include <pintle/rpc/details.hpp>
#include <pintle/telemetry/otlp/otlp_sender.hpp>

namespace pintle {

namespace {

namespace collector = opentelemetry::proto::collector;

// What an answer that is no success means for the next attempt.
Status status_of(const HttpResponse& response) {
  const std::string text = fmt::format("the collector answered with HTTP status {}", response.status);
  const bool passes =
      response.status == 429 || response.status == 502 || response.status == 503 || response.status == 504;
  if (!passes) return Status(Code::failed_precondition, text, Origin::peer);
  const Status may_pass(Code::unavailable, text, Origin::peer);
  const std::string_view wait = response.header("retry-after");
  std::uint32_t seconds = 0;
  const auto [end, failed] = std::from_chars(wait.data(), wait.data() + wait.size(), seconds);
  if (wait.empty() || failed != std::errc() || end != wait.data() + wait.size()) return may_pass;
  google::rpc::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(seconds);
  return with_detail(may_pass, info);
}

class HttpSender final : public OtlpSender {
 public:
  HttpSender(std::shared_ptr<Fetcher> fetcher, OtlpUrls urls, OtlpRequestOptions options)
      : fetcher_(std::move(fetcher)), urls_(std::move(urls)), options_(std::move(options)) {
    options_.headers.emplace_back("content-type", "application/x-protobuf");
  }

  Task<OtlpAnswer> send(const collector::trace::v1::ExportTraceServiceRequest& all) override {
    collector::trace::v1::ExportTraceServiceResponse response;
    Status sent = co_await post(urls_.traces, all, response);
    co_return answer(std::move(sent), response.partial_success().rejected_spans());
  }
  Task<OtlpAnswer> send(const collector::metrics::v1::ExportMetricsServiceRequest& all) override {
    collector::metrics::v1::ExportMetricsServiceResponse response;
    Status sent = co_await post(urls_.metrics, all, response);
    co_return answer(std::move(sent), response.partial_success().rejected_data_points());
  }
  Task<OtlpAnswer> send(const collector::logs::v1::ExportLogsServiceRequest& all) override {
    collector::logs::v1::ExportLogsServiceResponse response;
    Status sent = co_await post(urls_.logs, all, response);
    co_return answer(std::move(sent), response.partial_success().rejected_log_records());
  }

 private:
  static OtlpAnswer answer(Status sent, std::int64_t rejected) {
    if (!sent.ok()) return std::unexpected(std::move(sent));
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, rejected));
  }
  Task<Status> post(const std::string& url, const google::protobuf::MessageLite& message,
                    google::protobuf::MessageLite& response) {
    HttpRequest request(url);
    request.method = "POST";
    request.headers = options_.headers;
    request.timeout = options_.timeout;
    request.body = message.SerializeAsString();
    auto got = co_await fetcher_->fetch(std::move(request));
    if (!got) co_return got.error();
    if (got->status != 200) co_return status_of(*got);
    // What was taken is taken, whatever an unreadable answer says.
    if (!response.ParseFromString(got->body)) response.Clear();
    co_return Status();
  }

  const std::shared_ptr<Fetcher> fetcher_;
  const OtlpUrls urls_;
  OtlpRequestOptions options_;
};

}  // namespace

OtlpUrls::OtlpUrls(std::string base) {
  while (base.ends_with('/')) base.pop_back();
  traces = base + "/v1/traces";
  metrics = base + "/v1/metrics";
  logs = base + "/v1/logs";
}

std::unique_ptr<OtlpSender> otlp_over_http(std::shared_ptr<Fetcher> fetcher, OtlpUrls urls,
                                           OtlpRequestOptions options) {
  return std::make_unique<HttpSender>(std::move(fetcher), std::move(urls), std::move(options));
}

}  // namespace pintle

#include <algorithm>

#include <google/rpc/error_details.pb.h>
#include <opentelemetry/proto/collector/logs/v1/logs_service.pintle.hpp>
#include <opentelemetry/proto/collector/metrics/v1/metrics_service.pintle.hpp>
#include <opentelemetry/proto/collector/trace/v1/trace_service.pintle.hpp>

#include <pintle/rpc/details.hpp>
#include <pintle/telemetry/otlp/otlp_sender.hpp>

namespace pintle {

namespace {

namespace collector = opentelemetry::proto::collector;

std::uint64_t count(std::int64_t rejected) { return static_cast<std::uint64_t>(std::max<std::int64_t>(0, rejected)); }

class GrpcSender final : public OtlpSender {
 public:
  GrpcSender(std::shared_ptr<Channel> channel, const OtlpRequestOptions& options)
      : traces_(channel), metrics_(channel), logs_(channel), options_(CallOptions().timeout(options.timeout)) {
    for (const auto& [key, value] : options.headers) options_.metadata(key, value);
  }

  Task<OtlpAnswer> send(const collector::trace::v1::ExportTraceServiceRequest& all) override {
    auto answer = co_await traces_.Export(all, options_);
    if (!answer) co_return std::unexpected(std::move(answer).error());
    co_return count(answer->partial_success().rejected_spans());
  }
  Task<OtlpAnswer> send(const collector::metrics::v1::ExportMetricsServiceRequest& all) override {
    auto answer = co_await metrics_.Export(all, options_);
    if (!answer) co_return std::unexpected(std::move(answer).error());
    co_return count(answer->partial_success().rejected_data_points());
  }
  Task<OtlpAnswer> send(const collector::logs::v1::ExportLogsServiceRequest& all) override {
    auto answer = co_await logs_.Export(all, options_);
    if (!answer) co_return std::unexpected(std::move(answer).error());
    co_return count(answer->partial_success().rejected_log_records());
  }

 private:
  collector::trace::v1::TraceService::Stub traces_;
  collector::metrics::v1::MetricsService::Stub metrics_;
  collector::logs::v1::LogsService::Stub logs_;
  CallOptions options_;
};

}  // namespace

std::unique_ptr<OtlpSender> otlp_over_grpc(std::shared_ptr<Channel> channel, OtlpRequestOptions options) {
  return std::make_unique<GrpcSender>(std::move(channel), options);
}

bool is_otlp_retryable(const Status& status) {
  switch (status.code()) {
    case Code::cancelled:
    case Code::deadline_exceeded:
    case Code::aborted:
    case Code::out_of_range:
    case Code::unavailable:
    case Code::data_loss:
      return true;
    case Code::resource_exhausted:
      return detail_of<google::rpc::RetryInfo>(status).has_value();
    default:
      return false;
  }
}

}  // namespace pintle

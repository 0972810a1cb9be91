// One request to a collector, whatever carries it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <pintle/async/fetch.hpp>
#include <pintle/async/task.hpp>
#include <pintle/base/clock.hpp>
#include <pintle/base/status.hpp>
#include <pintle/rpc/handler.hpp>
#include <pintle/telemetry/otlp/otlp_requests.hpp>

namespace pintle {

// How many of what was sent the collector took no notice of, or why it took none; is_otlp_retryable() says whether the
// same may be sent again.
using OtlpAnswer = Result<std::uint64_t>;

// On one loop at a time. Outlives its tasks.
class OtlpSender {
 public:
  virtual ~OtlpSender() = default;
  virtual Task<OtlpAnswer> send(const opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest& all) = 0;
  virtual Task<OtlpAnswer> send(
      const opentelemetry::proto::collector::metrics::v1::ExportMetricsServiceRequest& all) = 0;
  virtual Task<OtlpAnswer> send(const opentelemetry::proto::collector::logs::v1::ExportLogsServiceRequest& all) = 0;
};

struct OtlpRequestOptions {
  OtlpRequestOptions() = default;
  Duration timeout = std::chrono::seconds(10);
  HttpFields headers;  // names in lower case
};

// OTLP/gRPC.
std::unique_ptr<OtlpSender> otlp_over_grpc(std::shared_ptr<Channel> channel, OtlpRequestOptions options);

// OTLP/HTTP with binary Protobuf: a POST for each. 429, 502, 503 and 504 may be sent again, after Retry-After.
struct OtlpUrls {
  OtlpUrls() = default;
  // "http://collector:4318": each under its own path.
  explicit OtlpUrls(std::string base);
  std::string traces, metrics, logs;
};
std::unique_ptr<OtlpSender> otlp_over_http(std::shared_ptr<Fetcher> fetcher, OtlpUrls urls, OtlpRequestOptions options);

// Whether the same request may be sent again (OTLP specification, "Failures").
bool is_otlp_retryable(const Status& status);

}  // namespace pintle

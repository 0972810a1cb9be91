// Counts and measures every attempt of a client's calls (gRFC A66).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <pintle/rpc/layer.hpp>

namespace pintle {

// In the place attempt, on a client: inside of retries and hedging, so that a call which is tried three times is three
// attempts. grpc.client.attempt.started, .duration, .sent_total_compressed_message_size and
// .rcvd_total_compressed_message_size, by grpc.method, grpc.target and grpc.status.
class AttemptMetricsLayer final : public Layer {
 public:
  explicit AttemptMetricsLayer(std::string target) : target_(std::move(target)) {}
  std::string_view name() const override { return "attempt_metrics"; }
  Place place() const override { return Place::attempt; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;

 private:
  const std::string target_;
};

}  // namespace pintle

// Sends a call again that failed in a way that may pass (gRFC A6).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/resilience/retry/retry_policy.hpp>
#include <pintle/resilience/retry/retry_throttle.hpp>
#include <pintle/rpc/layer.hpp>
#include <pintle/rpc/replay.hpp>

namespace pintle {

// For the methods whose paths match (path_pattern.hpp).
struct RetryRule {
  RetryRule(std::string methods, const std::optional<RetryPolicy>& p) : pattern(std::move(methods)), policy(p) {}
  std::string pattern;
  std::optional<RetryPolicy> policy;  // nothing: transparent retries only
  // Only where the .proto says that sending it twice does no harm: idempotency_level is IDEMPOTENT or NO_SIDE_EFFECTS.
  bool only_idempotent = false;
  bool leave = false;  // another layer tries them again
};

struct RetryOptions {
  RetryOptions() = default;
  std::vector<RetryRule> rules;             // the first that matches counts
  std::shared_ptr<RetryThrottle> throttle;  // null: none
  ReplayLimits limits;
  std::string target;  // for metrics
};

// In the place retry, on a client. What never left this client, and what the server says it has not begun, is sent
// again whatever the rules say (transparent retries); all else by the policy of the method. A call that has several
// attempts behind it says so in its status. Measured by the names of gRFC A96:
// grpc.client.call.retries, .transparent_retries and .retry_delay.
class RetryLayer final : public Layer {
 public:
  explicit RetryLayer(RetryOptions options);
  std::string_view name() const override { return "retry"; }
  Place place() const override { return Place::retry; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;

 private:
  const RetryOptions options_;
};

}  // namespace pintle

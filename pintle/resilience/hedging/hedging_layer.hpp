// Sends a call to more servers when the first takes its time, and takes the answer that comes first (gRFC A6).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/resilience/hedging/hedging_policy.hpp>
#include <pintle/resilience/retry/retry_throttle.hpp>
#include <pintle/rpc/layer.hpp>
#include <pintle/rpc/replay.hpp>

namespace pintle {

// For the methods whose paths match (path_pattern.hpp). A hedge is a second copy of a request: name only methods that
// may run twice.
struct HedgingRule {
  HedgingRule(std::string methods, HedgingPolicy p) : pattern(std::move(methods)), policy(p) {}
  std::string pattern;
  HedgingPolicy policy;
};

struct HedgingOptions {
  HedgingOptions() = default;
  std::vector<HedgingRule> rules;           // the first that matches counts
  std::shared_ptr<RetryThrottle> throttle;  // null: none
  std::shared_ptr<HedgeBudget> budget;      // null: none
  ReplayLimits limits;
  std::string target;  // for metrics
};

// In the place retry, on a client, beside the retry layer: tell that one to leave the methods (RetryRule::leave). The
// first response head, or the first status that is fatal, is the call's; the other attempts are cancelled, and their
// servers hear RST_STREAM CANCEL. Measured as grpc.client.call.hedges (gRFC A96).
class HedgingLayer final : public Layer {
 public:
  explicit HedgingLayer(HedgingOptions options) : options_(std::move(options)) {}
  std::string_view name() const override { return "hedging"; }
  Place place() const override { return Place::retry; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;

 private:
  const HedgingOptions options_;
};

}  // namespace pintle

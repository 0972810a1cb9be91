// The service config of gRPC: what the owner of a service tells its clients (grpc/doc/service_config.md, gRFC A2, A6).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/base/status.hpp>
#include <pintle/client/balancer.hpp>
#include <pintle/resilience/hedging/hedging_layer.hpp>
#include <pintle/resilience/retry/retry_policy.hpp>

namespace pintle {

struct ChannelOptions;

struct MethodConfig {
  MethodConfig() = default;
  // Of a method ("a.B", "Get"), of all methods of a service ("a.B", ""), or of all ("", "").
  struct Name {
    std::string service, method;
    friend bool operator==(const Name&, const Name&) = default;
  };
  std::vector<Name> names;
  std::optional<bool> wait_for_ready;
  std::optional<Duration> timeout;  // the shorter of this and the call's own counts
  std::optional<std::uint64_t> max_request_bytes, max_response_bytes;
  std::optional<RetryPolicy> retry;  // or hedging, never both
  std::optional<HedgingPolicy> hedging;
};

struct RetryThrottling {
  double max_tokens = 10, token_ratio = 0.1;
};

// A value type. Any thread.
class ServiceConfig {
 public:
  ServiceConfig() = default;
  // Reads the JSON form. Fields that nobody knows are ignored; anything wrong in one that is known makes the whole
  // config wrong: INVALID_ARGUMENT, which says where and what ("methodConfig[0].retryPolicy.maxAttempts: ...").
  //
  // loadBalancingConfig: the first policy of the list that is known here: pick_first, round_robin,
  // weighted_round_robin, least_request, ring_hash, outlier_detection, random_subsetting, each also with
  // "_experimental" behind it.
  static Result<ServiceConfig> parse(std::string_view json);

  // What holds for a method: that which names it, else its service, else all; null: nothing does.
  const MethodConfig* of(std::string_view service, std::string_view method) const;

  std::vector<MethodConfig> methods;
  std::shared_ptr<const BalancerFactory> balancer;  // null: it says nothing
  std::string balancer_name;
  std::optional<RetryThrottling> throttling;
  std::optional<std::string> health_service;  // healthCheckConfig.serviceName
};

// What holds where a service config says nothing. A method that it names is hedged only if it says so there.
struct Resilience {
  Resilience() = default;
  std::optional<RetryPolicy> retry;  // nothing: transparent retries only
  bool only_idempotent = true;       // by it: methods whose .proto calls them so
  std::vector<HedgingRule> hedging;
  std::shared_ptr<HedgeBudget> budget;  // of all hedges; null: no limit
  std::optional<RetryThrottling> throttling;
  std::string target;  // for metrics
};

// What `config` says goes into `options`: settings of methods before those that are there, the balancer, the health
// service, and layers for retries and hedging.
void apply(const ServiceConfig& config, ChannelOptions& options, const Resilience& otherwise = {});

}  // namespace pintle

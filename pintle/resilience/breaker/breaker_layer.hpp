// Fails calls at once while their target is known to be down.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/resilience/breaker/circuit_breaker.hpp>
#include <pintle/rpc/layer.hpp>

namespace pintle {

// One breaker for all methods whose paths match (path_pattern.hpp), or one for each of them.
struct BreakerRule {
  BreakerRule(std::string n, std::string methods, BreakerOptions o = {})
      : name(std::move(n)), pattern(std::move(methods)), options(o) {}
  std::string name;  // for logs, metrics and BreakerLayer::find(); a method's own breaker is called "name:path"
  std::string pattern;
  BreakerOptions options;
  bool per_method = false;
};

// In the place breaker, on a client: outside of retries, so that a call counts once, however often it was tried. A call
// that is not let through ends with UNAVAILABLE. What its caller cancelled says nothing of the target. A change of
// state is logged and counted; pintle.client.breaker.state is 0 closed, 1 open, 2 half-open, 3 isolated.
class BreakerLayer final : public Layer {
 public:
  // `target`: for logs and metrics.
  BreakerLayer(std::string target, std::vector<BreakerRule> rules);
  ~BreakerLayer() override;
  std::string_view name() const override { return "breaker"; }
  Place place() const override { return Place::breaker; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;

  // By name; null until a method that it stands before was called. It lives as long as the layer. Any thread.
  CircuitBreaker* find(std::string_view breaker) const;
  std::vector<std::string> breakers() const;

 private:
  CircuitBreaker& breaker(const std::string& name, const BreakerOptions& options, const Site& site) const;

  const std::string target_;
  const std::vector<BreakerRule> rules_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::unique_ptr<CircuitBreaker>, std::less<>> breakers_;  // guarded by mutex_
};

}  // namespace pintle

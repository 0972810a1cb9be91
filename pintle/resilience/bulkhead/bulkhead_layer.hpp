// So many calls to a target at once, so that one that hangs does not take all that its callers have (gRFC A32).
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/rpc/layer.hpp>

namespace pintle {

// All methods whose paths match (path_pattern.hpp) share the room.
struct BulkheadRule {
  BulkheadRule(std::string n, std::string methods, std::size_t calls)
      : name(std::move(n)), pattern(std::move(methods)), most(calls) {}
  std::string name;  // for metrics and the refusal
  std::string pattern;
  std::size_t most;
};

// In the place breaker, on a client. A call that finds no room ends with UNAVAILABLE at once. Counted by
// pintle.client.bulkhead.refused; what is inside is a gauge.
class BulkheadLayer final : public Layer {
 public:
  explicit BulkheadLayer(std::vector<BulkheadRule> rules);
  ~BulkheadLayer() override;
  std::string_view name() const override { return "bulkhead"; }
  Place place() const override { return Place::breaker; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;

 private:
  struct Room;
  const std::vector<std::unique_ptr<Room>> rooms_;
};

}  // namespace pintle

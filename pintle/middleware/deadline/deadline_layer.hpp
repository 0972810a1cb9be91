// Gives calls a deadline whose callers gave none, or a shorter one than they wanted.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/base/clock.hpp>
#include <pintle/rpc/layer.hpp>

namespace pintle {

// For the methods whose path matches (path_pattern.hpp).
struct DeadlineRule {
  explicit DeadlineRule(std::string methods) : pattern(std::move(methods)) {}
  std::string pattern;
  bool unary_only = false;
  std::optional<Duration> preset;  // for callers that set none
  std::optional<Duration> most;    // counted from the request's arrival
};

// In the place deadline, on both sides. Of the rules the first whose pattern matches counts.
class DeadlineLayer final : public Layer {
 public:
  explicit DeadlineLayer(std::vector<DeadlineRule> rules) : rules_(std::move(rules)) {}
  std::string_view name() const override { return "deadline"; }
  Place place() const override { return Place::deadline; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;

 private:
  const std::vector<DeadlineRule> rules_;
};

}  // namespace pintle

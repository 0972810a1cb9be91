// So many calls in a second, for all or for each caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/rpc/layer.hpp>

namespace pintle {

struct RateRule {
  // What a bucket is kept for.
  enum class Key : std::uint8_t {
    all,        // one for everybody
    principal,  // subject and issuer; callers who are nobody share one
    peer,       // the address, without its port
    metadata,   // the value of metadata_key; calls without it share one
  };
  explicit RateRule(std::string n) : name(std::move(n)) {}
  std::string name;           // for metrics and the refusal
  std::string pattern = "*";  // of the methods that it counts, all into the same buckets (path_pattern.hpp)
  double per_second = 1;
  std::uint32_t burst = 1;
  Key key = Key::all;
  std::string metadata_key;
  std::size_t max_keys = 100'000;
};

// In the place quota, inside of authentication. A call takes a token of each rule that counts it; where one has none,
// the call ends with RESOURCE_EXHAUSTED, and when to come back (overload_status.hpp). Counted by
// pintle.rate_limit.refused.
class RateLimitLayer final : public Layer {
 public:
  explicit RateLimitLayer(std::vector<RateRule> rules, std::vector<std::string> except = {});
  ~RateLimitLayer() override;
  std::string_view name() const override { return "rate_limit"; }
  Place place() const override { return Place::quota; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;

 private:
  struct Limit;
  const std::vector<std::unique_ptr<Limit>> limits_;
  const std::vector<std::string> except_;
};

}  // namespace pintle

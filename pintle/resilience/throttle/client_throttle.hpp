// Holds calls back at random when a target accepts few of them (Google's SRE book, "Handling Overload").
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <pintle/base/clock.hpp>
#include <pintle/resilience/code_set.hpp>
#include <pintle/rpc/layer.hpp>

namespace pintle {

struct ClientThrottleOptions {
  ClientThrottleOptions() = default;
  double multiplier = 2;                       // so many requests are sent for each that is accepted; 1 at least
  Duration window = std::chrono::seconds(30);  // in ten buckets
  std::uint32_t min_calls = 100;               // in the window, before anything is held back
  CodeSet refusals = {Code::unavailable, Code::resource_exhausted};  // that mean: not accepted
};

// Requests and accepts of the last window: a call is held back with the probability
// max(0, (requests - multiplier * accepts) / (requests + 1)). Those that are held back count as requests. Not
// thread-safe.
class ClientThrottle {
 public:
  ClientThrottle() = default;
  explicit ClientThrottle(const ClientThrottleOptions& options) : options_(options) {}
  // Whether to send one. Chance, which is dear, is asked only where it decides.
  bool admit(TimePoint now, const Random& chance);
  void accepted(TimePoint now) { ++at(now).accepts; }
  double probability(TimePoint now);

 private:
  static constexpr std::size_t kBuckets = 10;
  struct Bucket {
    std::int64_t number = -1;
    std::uint32_t requests = 0, accepts = 0;
  };
  std::int64_t number(TimePoint now) const;
  Bucket& at(TimePoint now);

  ClientThrottleOptions options_;
  std::array<Bucket, kBuckets> buckets_;
};

// In the place breaker, on a client. Each loop decides by its own calls, so none takes a lock. A call that is held back
// ends with UNAVAILABLE; counted by pintle.client.throttle.refused.
class ClientThrottleLayer final : public Layer {
 public:
  // For each method whose path matches (path_pattern.hpp).
  ClientThrottleLayer(std::string pattern, const ClientThrottleOptions& options)
      : pattern_(std::move(pattern)), options_(options) {}
  ~ClientThrottleLayer() override;
  std::string_view name() const override { return "client_throttle"; }
  Place place() const override { return Place::breaker; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override;

 private:
  class Throttling;
  const std::string pattern_;
  const ClientThrottleOptions options_;
};

}  // namespace pintle

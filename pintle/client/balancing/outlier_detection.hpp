// Takes an endpoint out for a while whose calls fail more than the others' (gRFC A50).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <pintle/client/balancer.hpp>

namespace pintle {

// Below the mean of all success rates by stdev_factor / 1000 standard deviations.
struct OutlierSuccessRate {
  OutlierSuccessRate() = default;
  std::uint32_t stdev_factor = 1900;
  std::uint32_t enforcement_percentage = 100;
  std::uint32_t minimum_hosts = 5;
  std::uint32_t request_volume = 100;
};

// At least `threshold` percent of its calls failed. (gRFC A50 says "greater" in its algorithm and "greater or equal"
// in its configuration; here it is greater, as in gRPC's implementations.)
struct OutlierFailurePercentage {
  OutlierFailurePercentage() = default;
  std::uint32_t threshold = 85;
  std::uint32_t enforcement_percentage = 100;
  std::uint32_t minimum_hosts = 5;
  std::uint32_t request_volume = 50;
};

struct OutlierOptions {
  OutlierOptions() = default;
  Duration interval = std::chrono::seconds(10);            // between two sweeps
  Duration base_ejection_time = std::chrono::seconds(30);  // times how often it was ejected of late
  Duration max_ejection_time = std::chrono::seconds(300);
  std::uint32_t max_ejection_percent = 10;  // of the endpoints; the first may always go
  std::optional<OutlierSuccessRate> success_rate = OutlierSuccessRate();
  std::optional<OutlierFailurePercentage> failure_percentage;
};

// Around another policy, which does not see those that are out. What all loops of a channel see counts together. A call
// that ends with a status of its server that says nothing of the server's health (any but UNAVAILABLE, UNKNOWN,
// INTERNAL, DATA_LOSS, DEADLINE_EXCEEDED and RESOURCE_EXHAUSTED) is a success. Ejections are logged.
std::shared_ptr<const BalancerFactory> outlier_detection(OutlierOptions options,
                                                         std::shared_ptr<const BalancerFactory> within);

}  // namespace pintle

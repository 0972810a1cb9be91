// What a call that was tried more than once is counted in (gRFC A96): nothing of a call that was not.
#pragma once

#include <chrono>
#include <string_view>

#include <pintle/base/clock.hpp>
#include <pintle/resilience/internal/method_label.hpp>
#include <pintle/rpc/layer.hpp>

namespace pintle::resilience {

class RetryMetrics {
 public:
  RetryMetrics(const Site& site, std::string_view target) {
    static constexpr double kFew[] = {1, 2, 3, 4, 5}, kMore[] = {1, 2, 3, 4, 5, 10};
    static constexpr double kSeconds[] = {0, .001, .002, .005, .01, .025, .05, .1, .25, .5, 1, 2, 5, 10, 20, 50, 100};
    const auto made = [&](std::string_view name, std::string_view unit, std::string_view about,
                          std::span<const double> bounds) {
      return site.meters.histogram({name, unit, about, bounds},
                                   {{"grpc.method", method_label(site.method)}, {"grpc.target", target}});
    };
    retries_ = made("grpc.client.call.retries", "{retry}", "Retries of a call that had any.", kFew);
    transparent_ = made("grpc.client.call.transparent_retries", "{transparent_retry}",
                        "Transparent retries of a call that had any.", kMore);
    hedges_ = made("grpc.client.call.hedges", "{hedge}", "Hedges of a call that had any.", kFew);
    delay_ = made("grpc.client.call.retry_delay", "s", "Time of a call in which no attempt was under way.", kSeconds);
  }

  void retried(int counted, int transparent, Duration delay) const {
    if (counted > 0) retries_.record(counted);
    if (transparent > 0) transparent_.record(transparent);
    if (counted > 0) delay_.record(std::chrono::duration<double>(delay).count());
  }
  void hedged(int hedges) const {
    if (hedges > 0) hedges_.record(hedges);
  }

 private:
  Histogram retries_, transparent_, hedges_, delay_;
};

}  // namespace pintle::resilience

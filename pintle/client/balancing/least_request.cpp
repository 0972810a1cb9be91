#include <pintle/client/balancing/least_request.hpp>

#include <algorithm>
#include <cmath>

#include <pintle/client/balancing/internal/server_faults.hpp>
#include <pintle/client/balancing/internal/spread.hpp>

namespace pintle {

namespace {

using balancing::Place;
using balancing::Spread;

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }

struct Measured : Place {
  using Place::Place;

  // An average that forgets by the clock; a value above it takes its place.
  void took(double value, TimePoint now, Duration half_life) {
    latency = std::max(value, expected(now, half_life) + (value - expected(now, half_life)) * kWeight);
    measured_at = now;
  }
  double expected(TimePoint now, Duration half_life) const {
    return latency * std::exp2(-seconds(now - measured_at) / std::max(1e-9, seconds(half_life)));
  }

  static constexpr double kWeight = 0.3;
  std::size_t calls = 0;  // in flight
  double latency = 0;     // seconds; 0: not measured yet
  TimePoint measured_at;
};

class LeastRequest final : public Spread<Measured> {
 public:
  LeastRequest(BalancerHost& host, LeastRequestOptions options) : Spread(host), options_(options) {
    options_.choices = std::max<std::size_t>(2, options_.choices);
  }

  void on_done(Subchannel& subchannel, const LayerCall& call, const PickOutcome& outcome) override {
    Measured* const measured = find(subchannel);
    if (measured == nullptr) return;
    if (measured->calls > 0) --measured->calls;
    const bool let_go = call.cancelled() && call.cause() != CancelCause::deadline;
    // A stream takes as long as its caller likes.
    if (!outcome.opened || let_go || call.method().kind != Kind::unary) return;
    const TimePoint now = host().loop().now();
    double took = seconds(now - call.started());
    if (balancing::kServerFaults.has(outcome.status.code())) took = std::max(10 * took, 1.0);
    measured->took(took, now, options_.half_life);
  }

 private:
  double wait(const Measured& at, TimePoint now) const {
    const auto calls = static_cast<double>(at.calls + 1);
    const double share = options_.slow_start.share(at.ready_since, now);
    if (!options_.latency_aware) return calls / share;
    // Who was never measured is tried; who faded away is tried again.
    return calls * std::max(1e-6, at.expected(now, options_.half_life)) / share;
  }

  Pick choose(LayerCall&) override {
    const TimePoint now = host().loop().now();
    Measured* best = nullptr;
    double least = 0;
    const std::size_t all = ready().size();
    const std::size_t draws = std::min(options_.choices, all);
    std::size_t first = draw(all);
    for (std::size_t i = 0; i < draws; ++i) {
      // Two that are never the same one; more are drawn as they come.
      const std::size_t at = i == 0 ? first : i == 1 ? (first + 1 + draw(all - 1)) % all : draw(all);
      const double promised = wait(*ready()[at], now);
      if (best != nullptr && promised >= least) continue;
      best = ready()[at];
      least = promised;
    }
    ++best->calls;
    return Pick::to(*best->subchannel);
  }

  // Below `n`. Cheap: the system's chance is asked once.
  std::size_t draw(std::size_t n) {
    if (state_ == 0) state_ = static_cast<std::uint64_t>(host().random()() * 9.2e18) | 1;
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<std::size_t>((state_ >> 11) % n);
  }

  LeastRequestOptions options_;
  std::uint64_t state_ = 0;
};

class Factory final : public BalancerFactory {
 public:
  explicit Factory(LeastRequestOptions options) : options_(options) {}
  std::unique_ptr<Balancer> make(BalancerHost& host) const override {
    return std::make_unique<LeastRequest>(host, options_);
  }

 private:
  const LeastRequestOptions options_;
};

}  // namespace

std::shared_ptr<const BalancerFactory> least_request(LeastRequestOptions options) {
  return std::make_shared<Factory>(options);
}

}  // namespace pintle

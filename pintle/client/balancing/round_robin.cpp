#include <pintle/client/balancing/round_robin.hpp>

#include <algorithm>
#include <cstdint>

#include <pintle/client/balancing/internal/endpoint_hash.hpp>
#include <pintle/client/balancing/internal/spread.hpp>

namespace pintle {

namespace {

using balancing::Place;
using balancing::Spread;

class RoundRobin final : public Spread<Place> {
 public:
  RoundRobin(BalancerHost& host, SlowStart slow_start) : Spread(host), slow_start_(slow_start) {}

 private:
  void changed() override {
    if (next_ == kNowhere && !ready().empty())
      next_ = static_cast<std::size_t>(host().random()() * static_cast<double>(ready().size()));
  }

  Pick choose(LayerCall&) override {
    for (std::size_t skipped = 0;; ++skipped) {
      const Place& place = *ready()[next_++ % ready().size()];
      const double share = slow_start_.share(place.ready_since, host().loop().now());
      if (share == 1 || skipped == ready().size() || host().random()() < share) return Pick::to(*place.subchannel);
    }
  }

  static constexpr std::size_t kNowhere = SIZE_MAX;
  const SlowStart slow_start_;
  std::size_t next_ = kNowhere;
};

struct Weighted : Place {
  explicit Weighted(Subchannel& s) : Place(s), weight(balancing::weight_of(s.endpoint())) {}
  const double weight;
  double credit = 0;
};

// Each call gives everybody a credit by his weight, and takes from the richest what all were given.
class WeightedRoundRobin final : public Spread<Weighted> {
 public:
  WeightedRoundRobin(BalancerHost& host, SlowStart slow_start) : Spread(host), slow_start_(slow_start) {}

 private:
  Pick choose(LayerCall&) override {
    const TimePoint now = host().loop().now();
    Weighted* richest = ready().front();
    double given = 0;
    for (Weighted* one : ready()) {
      const double share = one->weight * slow_start_.share(one->ready_since, now);
      one->credit += share;
      given += share;
      if (one->credit > richest->credit) richest = one;
    }
    richest->credit -= given;
    return Pick::to(*richest->subchannel);
  }
  // Who was away has no old claims.
  void changed() override {
    double least = 0;
    for (const Weighted* one : ready()) least = std::min(least, one->credit);
    for (Weighted* one : ready())
      if (one->ready_since == host().loop().now()) one->credit = least;
  }

  const SlowStart slow_start_;
};

template <class Policy>
class Factory final : public BalancerFactory {
 public:
  explicit Factory(SlowStart slow_start) : slow_start_(slow_start) {}
  std::unique_ptr<Balancer> make(BalancerHost& host) const override {
    return std::make_unique<Policy>(host, slow_start_);
  }

 private:
  const SlowStart slow_start_;
};

}  // namespace

std::shared_ptr<const BalancerFactory> round_robin(SlowStart slow_start) {
  return std::make_shared<Factory<RoundRobin>>(slow_start);
}

std::shared_ptr<const BalancerFactory> weighted_round_robin(SlowStart slow_start) {
  return std::make_shared<Factory<WeightedRoundRobin>>(slow_start);
}

}  // namespace pintle

#include <pintle/client/balancing/ring_hash.hpp>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <pintle/client/balancing/internal/endpoint_hash.hpp>

namespace pintle {

namespace {

using balancing::hash_of;
using balancing::name_of;
using balancing::weight_of;

class RingHash final : public Balancer {
 public:
  RingHash(BalancerHost& host, RingHashOptions options) : host_(host), options_(std::move(options)) {}

  void update(std::span<Subchannel* const> subchannels) override {
    std::vector<Subchannel*> now(subchannels.begin(), subchannels.end());
    if (now == known_) return;
    known_ = std::move(now);
    build();
  }

  Pick pick(LayerCall& call) override {
    const auto key = call.request_metadata.get(options_.key);
    const std::uint64_t hash = key ? hash_of(*key) : static_cast<std::uint64_t>(host_.random()() * 1.8e19);
    auto at = std::ranges::lower_bound(ring_, hash, {}, &Point::hash);
    Status failure(Code::unavailable, "no endpoint could be connected to", Origin::library);
    Subchannel* last = nullptr;
    for (std::size_t i = 0; i < ring_.size(); ++i, ++at) {
      if (at == ring_.end()) at = ring_.begin();
      Subchannel& subchannel = *at->subchannel;
      if (&subchannel == last) continue;
      last = &subchannel;
      switch (subchannel.state()) {
        case Connectivity::ready:
          return Pick::to(subchannel);
        case Connectivity::idle:
          subchannel.connect();
          return Pick::wait();
        case Connectivity::connecting:
          return Pick::wait();
        default:
          failure = subchannel.last_error();
      }
    }
    return Pick::fail(failure);
  }

 private:
  struct Point {
    std::uint64_t hash;
    Subchannel* subchannel;
  };

  void build() {
    ring_.clear();
    if (known_.empty()) return;
    double sum = 0;
    for (const Subchannel* s : known_) sum += weight_of(s->endpoint());
    // Points for each unit of weight: a power of two, so that it seldom changes when endpoints come and go, and the
    // points of those that stay do not move.
    const double wanted = std::exp2(std::ceil(std::log2(static_cast<double>(options_.min_size) / sum)));
    const double scale = std::min(wanted, static_cast<double>(options_.max_size) / sum);
    for (Subchannel* s : known_) {
      const std::string name = name_of(s->endpoint());
      const auto points =
          std::max<std::size_t>(1, static_cast<std::size_t>(std::lround(weight_of(s->endpoint()) * scale)));
      for (std::size_t i = 0; i < points; ++i) ring_.push_back({hash_of(fmt::format("{}_{}", name, i)), s});
    }
    std::ranges::sort(ring_, {}, &Point::hash);
  }

  BalancerHost& host_;
  const RingHashOptions options_;
  std::vector<Subchannel*> known_;
  std::vector<Point> ring_;
};

class Factory final : public BalancerFactory {
 public:
  explicit Factory(RingHashOptions options) : options_(std::move(options)) {}
  std::unique_ptr<Balancer> make(BalancerHost& host) const override {
    return std::make_unique<RingHash>(host, options_);
  }

 private:
  const RingHashOptions options_;
};

}  // namespace

std::shared_ptr<const BalancerFactory> ring_hash(RingHashOptions options) {
  return std::make_shared<Factory>(std::move(options));
}

}  // namespace pintle

#include <pintle/client/balancing/random_subset.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <pintle/client/balancing/internal/endpoint_hash.hpp>

namespace pintle {

namespace {

class RandomSubset final : public Balancer {
 public:
  RandomSubset(std::size_t size, std::uint64_t seed, std::unique_ptr<Balancer> within)
      : size_(size), seed_(seed), within_(std::move(within)) {}

  void update(std::span<Subchannel* const> subchannels) override {
    struct Drawn {
      std::uint64_t lot;
      std::size_t index;
    };
    std::vector<Drawn> lots;
    lots.reserve(subchannels.size());
    for (std::size_t i = 0; i < subchannels.size(); ++i)
      lots.push_back({balancing::hash_of(balancing::name_of(subchannels[i]->endpoint()), seed_), i});
    if (lots.size() > size_) {
      std::ranges::nth_element(lots, lots.begin() + static_cast<std::ptrdiff_t>(size_), {}, &Drawn::lot);
      lots.resize(size_);
    }
    std::ranges::sort(lots, {}, &Drawn::index);
    std::vector<Subchannel*> chosen;
    chosen.reserve(lots.size());
    for (const Drawn& drawn : lots) chosen.push_back(subchannels[drawn.index]);
    within_->update(chosen);
  }
  Pick pick(LayerCall& call) override { return within_->pick(call); }
  void on_done(Subchannel& subchannel, const LayerCall& call, const PickOutcome& outcome) override {
    within_->on_done(subchannel, call, outcome);
  }

 private:
  const std::size_t size_;
  const std::uint64_t seed_;
  const std::unique_ptr<Balancer> within_;
};

class Factory final : public BalancerFactory {
 public:
  Factory(std::size_t size, std::uint64_t seed, std::shared_ptr<const BalancerFactory> within)
      : size_(size), seed_(seed), within_(std::move(within)) {}
  std::unique_ptr<Balancer> make(BalancerHost& host) const override {
    return std::make_unique<RandomSubset>(size_, seed_, within_->make(host));
  }

 private:
  const std::size_t size_;
  const std::uint64_t seed_;
  const std::shared_ptr<const BalancerFactory> within_;
};

}  // namespace

std::shared_ptr<const BalancerFactory> random_subset(std::size_t size, std::uint64_t seed,
                                                     std::shared_ptr<const BalancerFactory> within) {
  return std::make_shared<Factory>(size, seed, std::move(within));
}

}  // namespace pintle

#include <pintle/client/balancing/outlier_detection.hpp>

#include <mutex>
#include <utility>
#include <vector>

#include <pintle/client/balancing/internal/endpoint_hash.hpp>
#include <pintle/client/balancing/internal/outlier_table.hpp>
#include <pintle/client/balancing/internal/server_faults.hpp>

namespace pintle {

namespace {

using balancing::OutlierTable;

class OutlierDetection final : public Balancer {
 public:
  OutlierDetection(BalancerHost& host, std::shared_ptr<OutlierTable> table, Duration interval,
                   std::unique_ptr<Balancer> within)
      : host_(host), table_(std::move(table)), interval_(interval), within_(std::move(within)) {
    host_.loop().arm(sweep_, host_.loop().now() + interval_);
    look(false);
  }

  void update(std::span<Subchannel* const> subchannels) override {
    std::vector<Known> next;
    next.reserve(subchannels.size());
    for (Subchannel* subchannel : subchannels) {
      Known* const old = find(*subchannel);
      next.push_back(
          {subchannel, old != nullptr ? old->host : table_->host(balancing::name_of(subchannel->endpoint())), false});
    }
    known_ = std::move(next);
    give();
  }
  Pick pick(LayerCall& call) override {
    if (all_out_)
      return Pick::fail(Status(Code::unavailable, "every endpoint is taken out as an outlier", Origin::library));
    return within_->pick(call);
  }
  void on_done(Subchannel& subchannel, const LayerCall& call, const PickOutcome& outcome) override {
    Known* const known = find(subchannel);
    const bool let_go = call.cancelled() && call.cause() != CancelCause::deadline;
    if (known != nullptr && outcome.opened && !let_go)
      ++(balancing::kServerFaults.has(outcome.status.code()) ? known->host->failures : known->host->successes);
    within_->on_done(subchannel, call, outcome);
  }

 private:
  struct Known {
    Subchannel* subchannel;
    std::shared_ptr<OutlierTable::Host> host;
    bool out;  // as `within` knows it
  };
  struct Sweep : Timer {
    explicit Sweep(OutlierDetection& of)
        : Timer([](Timer* t) noexcept { static_cast<Sweep*>(t)->detection.swept(); }), detection(of) {}
    OutlierDetection& detection;
  };

  Known* find(const Subchannel& subchannel) {
    for (Known& known : known_)
      if (known.subchannel == &subchannel) return &known;
    return nullptr;
  }

  void swept() {
    look(true);
    host_.loop().arm(sweep_, host_.loop().now() + interval_);
  }
  void look(bool judge) {
    table_->sweep(host_.loop().now(), [&](const std::string& name, bool ejected) {
      host_.log().log(ejected ? Level::warn : Level::info, ejected ? "endpoint taken out" : "endpoint taken back",
                      {{"server.address", std::string_view(name)}});
    });
    if (!judge) return;
    bool changed = false;
    for (const Known& known : known_) changed |= known.out != known.host->ejected;
    if (!changed) return;
    give();
    host_.pick_again();
  }
  void give() {
    std::vector<Subchannel*> in;
    for (Known& known : known_) {
      known.out = known.host->ejected;
      if (!known.out) in.push_back(known.subchannel);
    }
    all_out_ = in.empty() && !known_.empty();
    within_->update(in);
  }

  BalancerHost& host_;
  const std::shared_ptr<OutlierTable> table_;
  const Duration interval_;
  const std::unique_ptr<Balancer> within_;
  std::vector<Known> known_;
  bool all_out_ = false;
  Sweep sweep_{*this};
};

class Factory final : public BalancerFactory {
 public:
  Factory(OutlierOptions options, std::shared_ptr<const BalancerFactory> within)
      : options_(options), within_(std::move(within)) {}
  std::unique_ptr<Balancer> make(BalancerHost& host) const override {
    return std::make_unique<OutlierDetection>(host, table(host), options_.interval, within_->make(host));
  }

 private:
  // One for all loops.
  std::shared_ptr<OutlierTable> table(BalancerHost& host) const {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<OutlierTable> table = table_.lock();
    if (table == nullptr) table_ = table = std::make_shared<OutlierTable>(options_, host.random());
    return table;
  }
  const OutlierOptions options_;
  const std::shared_ptr<const BalancerFactory> within_;
  mutable std::mutex mutex_;
  mutable std::weak_ptr<OutlierTable> table_;  // guarded by mutex_
};

}  // namespace

std::shared_ptr<const BalancerFactory> outlier_detection(OutlierOptions options,
                                                         std::shared_ptr<const BalancerFactory> within) {
  return std::make_shared<Factory>(options, std::move(within));
}

}  // namespace pintle

// What the policies share that keep a connection to every endpoint and choose among those that are READY.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include <pintle/client/balancer.hpp>

namespace pintle::balancing {

// `Data`: what a policy keeps of each endpoint; it has a `Subchannel* subchannel` and is made from one.
//
// An endpoint is connected when it comes and whenever it is IDLE. One that has failed counts as failed until it is
// READY (gRFC A62): calls fail when none is READY and all have failed, and wait while one of them may still come up.
template <class Data>
class Spread : public Balancer {
 public:
  explicit Spread(BalancerHost& host) : host_(host) {}

  void update(std::span<Subchannel* const> subchannels) final {
    std::vector<std::unique_ptr<Member>> next;
    next.reserve(subchannels.size());
    for (Subchannel* subchannel : subchannels) {
      const auto old = std::ranges::find_if(
          members_, [&](const auto& m) { return m != nullptr && m->data.subchannel == subchannel; });
      next.push_back(old != members_.end() ? std::move(*old) : std::make_unique<Member>(*subchannel));
    }
    members_ = std::move(next);
    ready_.clear();
    coming_ = false;
    failure_ = Status();
    for (const auto& member : members_) {
      Subchannel& subchannel = *member->data.subchannel;
      if (subchannel.state() == Connectivity::idle) subchannel.connect();
      look(*member, subchannel.state());
    }
    changed();
  }

  Pick pick(LayerCall& call) final {
    if (ready_.empty()) return coming_ ? Pick::wait() : Pick::fail(failure_);
    return choose(call);
  }

 protected:
  BalancerHost& host() const { return host_; }
  // Never empty in choose(); in the resolver's order.
  const std::vector<Data*>& ready() const { return ready_; }
  // The ready ones may be others.
  virtual void changed() {}
  virtual Pick choose(LayerCall& call) = 0;
  // Of an endpoint that is known still; null: it has left.
  Data* find(const Subchannel& subchannel) {
    for (const auto& member : members_)
      if (member->data.subchannel == &subchannel) return &member->data;
    return nullptr;
  }

 private:
  struct Member {
    explicit Member(Subchannel& subchannel) : data(subchannel) {}
    Data data;
    bool was_ready = false, failed = false;
  };

  void look(Member& member, Connectivity state) {
    if (state == Connectivity::ready) {
      if (!std::exchange(member.was_ready, true)) member.data.came(host_.loop().now());
      member.failed = false;
      ready_.push_back(&member.data);
      return;
    }
    member.was_ready = false;
    member.failed |= state == Connectivity::transient_failure;
    if (!member.failed)
      coming_ = true;
    else if (!member.data.subchannel->last_error().ok())
      failure_ = member.data.subchannel->last_error();
  }

  BalancerHost& host_;
  std::vector<std::unique_ptr<Member>> members_;
  std::vector<Data*> ready_;
  bool coming_ = false;
  Status failure_;  // of one of those that failed
};

// The least that a policy keeps.
struct Place {
  explicit Place(Subchannel& s) : subchannel(&s) {}
  // It is READY, and was not before.
  void came(TimePoint now) { ready_since = now; }
  Subchannel* subchannel;
  TimePoint ready_since;
};

}  // namespace pintle::balancing

// The balancer of channels that were given a resolver and no policy.
#pragma once

#include <pintle/client/balancer.hpp>

namespace pintle::client {

// All calls go to one subchannel: the first that became READY. While there is none, they are connected one after the
// other, in the resolver's order; when all have failed, calls fail, and each is tried again after its backoff.
class PickFirst final : public Balancer {
 public:
  void update(std::span<Subchannel* const> subchannels) override {
    Subchannel* ready = nullptr;
    Subchannel* idle = nullptr;
    bool connecting = false, kept = false;
    failed_ = Status();
    for (Subchannel* s : subchannels) {
      const Connectivity state = s->state();
      if (state == Connectivity::ready) {
        if (ready == nullptr) ready = s;
        kept |= s == chosen_;
      }
      if (state == Connectivity::idle && idle == nullptr) idle = s;
      connecting |= state == Connectivity::connecting;
      if (state == Connectivity::transient_failure) failed_ = s->last_error();
    }
    if (!kept) chosen_ = ready;
    next_ = chosen_ == nullptr && !connecting ? idle : nullptr;
    waits_ = connecting || next_ != nullptr;
    if (!waits_) looking_ = false;
    if (looking_ && next_ != nullptr) next_->connect();
  }

  Pick pick(LayerCall&) override {
    if (chosen_ != nullptr) return Pick::to(*chosen_);
    if (!waits_) return Pick::fail(failed_);
    looking_ = true;
    if (next_ != nullptr) next_->connect();
    return Pick::wait();
  }

 private:
  Subchannel* chosen_ = nullptr;
  Subchannel* next_ = nullptr;  // to be connected
  bool waits_ = false;          // somebody connects, or will at the next pick
  bool looking_ = false;        // a call has asked since the last one was lost, or all had failed
  Status failed_;
};

}  // namespace pintle::client

// What a channel keeps on one loop: its subchannels there, who picks among them, and the calls that wait to be picked.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <pintle/client/internal/subchannel.hpp>
#include <pintle/wire/compression.hpp>

namespace pintle::client {

// Memory in which the head of a request is put together, used again for each.
struct OpenScratch {
  std::vector<transport::OutField> fields;
  std::array<char, 16> timeout;
  std::vector<std::string> coded;
};

class LoopChannel;

// Where one call was sent. Lives in the handler's frame; when it goes, the balancer hears how the call ended.
class Picked {
 public:
  Picked() = default;
  Picked(const Picked&) = delete;
  ~Picked() {
    if (channel_ != nullptr) [[unlikely]]
      tell(Status(Code::cancelled, "the call was let go", Origin::library));
  }
  // Where it opens its stream. Not set before LoopChannel::pick() or acquire() said so.
  transport::Connection* connection;
  EndpointSubchannel* subchannel;
  // The call ended so.
  void ended(const Status& status) {
    if (channel_ != nullptr) [[unlikely]]
      tell(status);
  }

 private:
  friend class LoopChannel;
  void hold(LoopChannel& channel, EndpointSubchannel& at, const LayerCall& call);
  [[gnu::cold]] void tell(const Status& status);

  LoopChannel* channel_ = nullptr;  // whose balancer waits to hear
  const LayerCall* call_;
};

// Loop's thread only, but for the constructor.
class LoopChannel final : SubchannelOwner,
                          BalancerHost,
                          EndpointResolver::Listener,
                          public std::enable_shared_from_this<LoopChannel> {
 public:
  LoopChannel(Loop& loop, std::shared_ptr<const Common> common);
  ~LoopChannel();

  // Where a call can open a stream at once; false: await acquire(), others may wait there already.
  bool pick(Picked& picked) {
    if (only_ == nullptr) [[unlikely]]
      return false;
    picked.subchannel = only_;
    picked.connection = only_->pick();
    return picked.connection != nullptr;
  }
  // Picks for `call`, waiting and connecting where need be. UNAVAILABLE, or what the balancer says, where it can't be
  // and the call doesn't wait for ready; RESOURCE_EXHAUSTED when max_waiting calls wait already; the call's own status
  // when it is cancelled or out of time.
  Task<Status> acquire(LayerCall& call, Picked& picked);

  void shutdown();
  LoopChannelReport report() const;
  OpenScratch& scratch() { return scratch_; }
  wire::Codec& codec() { return SubchannelOwner::loop.local<wire::Codec>(); }
  transport::MemoryGuard* memory() override { return memory_ ? &*memory_ : nullptr; }

 private:
  friend class Picked;
  void on_changed(EndpointSubchannel& subchannel) override;
  std::shared_ptr<void> keep() override { return shared_from_this(); }
  LoopChannel& health_channel() override { return *this; }
  Loop& loop() override { return SubchannelOwner::loop; }
  const Random& random() const override { return options.random; }
  const Logger& log() const override { return options.log; }
  void pick_again() override { update_soon(false); }
  void on_endpoints(std::vector<Endpoint> endpoints) override;
  void on_error(Status status) override;

  void begin();
  void update_soon(bool subchannels_too);
  void update();
  Status unpicked() const;
  Status explained(Status status) const;

  std::optional<transport::MemoryGuard> memory_;  // before all that charges it
  // The one subchannel of a channel without balancer and resolver: no pick is needed.
  EndpointSubchannel* only_ = nullptr;
  std::unique_ptr<Balancer> balancer_;
  std::vector<std::shared_ptr<EndpointSubchannel>> subchannels_;  // in the resolver's order
  std::vector<std::shared_ptr<EndpointSubchannel>> leaving_;      // their calls end there
  std::unique_ptr<EndpointResolver::Watch> watch_;
  detail::WaitQueue unpicked_;  // of Waiting, oldest first
  OpenScratch scratch_;
  Status resolver_error_;  // why there are no endpoints; OK: there are, or nothing was heard yet
  bool resolved_ = false, update_posted_ = false, subchannels_changed_ = false, shutdown_ = false;
};

}  // namespace pintle::client

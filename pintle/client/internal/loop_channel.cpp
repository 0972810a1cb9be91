#include <pintle/client/internal/loop_channel.hpp>

#include <algorithm>
#include <utility>

#include <pintle/client/internal/pick_first.hpp>

namespace pintle::client {

void Picked::hold(LoopChannel& channel, EndpointSubchannel& at, const LayerCall& call) {
  channel_ = &channel;
  call_ = &call;
  subchannel = &at;
  connection = nullptr;
  at.hold();
}

void Picked::tell(const Status& status) {
  LoopChannel& channel = *std::exchange(channel_, nullptr);
  PickOutcome outcome;
  outcome.status = status;
  outcome.opened = connection != nullptr;
  outcome.left_client = outcome.opened && call_->facts.left_client;
  channel.balancer_->on_done(*subchannel, *call_, outcome);
  subchannel->next_turn();
  subchannel->let_go();
}

LoopChannel::LoopChannel(Loop& loop, std::shared_ptr<const Common> common) : SubchannelOwner(loop, std::move(common)) {
  const ChannelOptions& told = SubchannelOwner::options;
  if (told.memory != nullptr) memory_.emplace(loop, told.memory);
  picks = told.resolver != nullptr || told.balancer != nullptr;
  if (told.resolver != nullptr) return;
  subchannels_.push_back(std::make_shared<EndpointSubchannel>(static_cast<SubchannelOwner&>(*this), Endpoint()));
  resolved_ = true;
  if (!picks) only_ = subchannels_.front().get();
}

LoopChannel::~LoopChannel() = default;

// At the first call.
void LoopChannel::begin() {
  if (options.balancer != nullptr)
    balancer_ = options.balancer->make(*this);
  else
    balancer_ = std::make_unique<PickFirst>();
  if (options.resolver != nullptr)
    watch_ = options.resolver->watch(SubchannelOwner::loop, *this);
  else
    update_soon(true);
}

// Why no call can be picked at all; OK: it can, or there will be news.
Status LoopChannel::unpicked() const {
  if (shutdown_) return Status(Code::unavailable, "the channel was shut down", Origin::library);
  if (!resolved_ || !subchannels_.empty()) return {};
  if (!resolver_error_.ok()) return resolver_error_;
  return Status(Code::unavailable, "the target has no endpoints", Origin::library);
}

// Of a call that ran out of time while nobody could be picked.
Status LoopChannel::explained(Status status) const {
  if (!resolver_error_.ok() && status.code() == Code::deadline_exceeded)
    return status.with_message(fmt::format("{} ({})", status.message(), resolver_error_.message()));
  for (const auto& subchannel : subchannels_)
    if (subchannel->state() != Connectivity::ready && !subchannel->last_error().ok())
      return subchannel->explained(std::move(status));
  return status;
}

Task<Status> LoopChannel::acquire(LayerCall& call, Picked& picked) {
  if (only_ != nullptr) {
    auto acquired = co_await only_->acquire(call);
    if (!acquired) co_return std::move(acquired).error();
    picked.subchannel = only_;
    picked.connection = *acquired;
    co_return Status();
  }
  if (balancer_ == nullptr && !shutdown_) begin();
  for (;;) {
    if (call.scope.cancelled()) co_return explained(call.scope.status());
    const bool patient = call.wait_for_ready.value_or(false);
    Status failed = unpicked();
    if (shutdown_ || (!failed.ok() && !patient)) co_return failed;
    if (!subchannels_.empty() && !subchannels_changed_) {
      Pick pick = balancer_->pick(call);
      call.facts.dropped = pick.kind() == Pick::Kind::drop;
      if (call.facts.dropped || (pick.kind() == Pick::Kind::fail && !patient)) co_return pick.status();
      if (pick.kind() == Pick::Kind::subchannel) {
        auto& at = static_cast<EndpointSubchannel&>(*pick.subchannel());
        picked.hold(*this, at, call);
        picked.connection = at.pick();
        bool waited = false;
        while (picked.connection == nullptr && at.state() == Connectivity::ready) {
          if (waiting >= options.max_waiting) {
            const Status full = too_many_wait(waiting);
            picked.ended(full);
            co_return full;
          }
          co_await at.in_line(call);
          waited = true;
          if (call.scope.cancelled()) {
            picked.ended(call.scope.status());  // the turn may have been this one's: it is passed on
            co_return at.explained(call.scope.status());
          }
          picked.connection = at.open_one();
        }
        if (picked.connection != nullptr) co_return Status();
        picked.ended(Status(Code::unavailable, "the subchannel is not ready", Origin::library));
        if (waited) continue;
      }
    }
    if (waiting >= options.max_waiting) co_return too_many_wait(waiting);
    co_await Waiting(*this, unpicked_, nullptr, call.scope);
  }
}

void LoopChannel::on_changed(EndpointSubchannel& subchannel) {
  if (balancer_ == nullptr || shutdown_) return;
  const Connectivity state = subchannel.state();
  if (state == Connectivity::shutdown) return update_soon(false);
  if (watch_ != nullptr && (state == Connectivity::transient_failure || state == Connectivity::idle)) watch_->refresh();
  update_soon(true);
}

// Balancers are never called from inside one of their own calls, and many changes come as one.
void LoopChannel::update_soon(bool subchannels_too) {
  subchannels_changed_ |= subchannels_too;
  if (std::exchange(update_posted_, true)) return;
  SubchannelOwner::loop.post([self = weak_from_this()] {
    if (auto channel = self.lock()) channel->update();
  });
}

void LoopChannel::update() {
  update_posted_ = false;
  std::erase_if(leaving_, [](const auto& subchannel) { return subchannel->gone(); });
  if (shutdown_) return;
  if (std::exchange(subchannels_changed_, false)) {
    std::vector<Subchannel*> all;
    all.reserve(subchannels_.size());
    for (const auto& subchannel : subchannels_) all.push_back(subchannel.get());
    balancer_->update(all);
  }
  wake_all(unpicked_);
}

void LoopChannel::on_endpoints(std::vector<Endpoint> endpoints) {
  if (shutdown_) return;
  resolved_ = true;
  resolver_error_ = Status();
  std::vector<std::shared_ptr<EndpointSubchannel>> next;
  for (Endpoint& endpoint : endpoints) {
    const auto same = [&](const auto& subchannel) {
      return subchannel != nullptr && subchannel->endpoint() == endpoint;
    };
    if (std::ranges::any_of(next, same)) continue;
    if (auto old = std::ranges::find_if(subchannels_, same); old != subchannels_.end())
      next.push_back(std::move(*old));
    else
      next.push_back(std::make_shared<EndpointSubchannel>(static_cast<SubchannelOwner&>(*this), std::move(endpoint)));
  }
  std::vector<std::shared_ptr<EndpointSubchannel>> before = std::exchange(subchannels_, std::move(next));
  for (auto& subchannel : before) {
    if (subchannel == nullptr) continue;
    subchannel->leave();
    leaving_.push_back(std::move(subchannel));
  }
  update_soon(true);
}

void LoopChannel::on_error(Status status) {
  if (shutdown_) return;
  options.log.warn("can't resolve", {{"server.address", options.authority}, {"error", status.message()}});
  if (!subchannels_.empty()) return;
  resolved_ = true;
  resolver_error_ =
      Status(Code::unavailable, fmt::format("can't resolve the target: {}", status.message()), Origin::library);
  update_soon(false);
}

LoopChannelReport LoopChannel::report() const {
  LoopChannelReport r;
  // Of several, the best one's.
  Connectivity state = shutdown_ ? Connectivity::shutdown : Connectivity::idle;
  const auto rank = [](Connectivity of) {
    switch (of) {
      case Connectivity::ready:
        return 3;
      case Connectivity::connecting:
        return 2;
      case Connectivity::idle:
        return 1;
      default:
        return 0;
    }
  };
  bool first = true;
  for (const auto& subchannel : subchannels_) {
    if (std::exchange(first, false) || rank(subchannel->state()) > rank(state)) state = subchannel->state();
    subchannel->add_to(r);
  }
  for (const auto& subchannel : leaving_) subchannel->add_to(r);
  if (!resolver_error_.ok()) {
    state = Connectivity::transient_failure;
    r.last_error = resolver_error_;
  }
  r.state = state_name(state);
  r.waiting = waiting;
  if (memory_) {
    r.memory = memory_->account().held();
    r.streams_shed = memory_->streams_shed();
  }
  return r;
}

void LoopChannel::shutdown() {
  shutdown_ = true;
  watch_.reset();
  for (const auto& subchannel : subchannels_) subchannel->leave();
  wake_all(unpicked_);
}

}  // namespace pintle::client

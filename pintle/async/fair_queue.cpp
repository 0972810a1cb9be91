#include <pintle/async/fair_queue.hpp>

#include <iterator>
#include <utility>

namespace pintle::detail {

void FairQueue::push(Entry& entry) {
  std::list<Entry*> made = {&entry};  // what may throw comes first
  std::list<Owner*> owner_turn = {nullptr};
  std::list<Lane*> lane_turn = {nullptr};
  Lane& lane = lanes_[entry.lane];
  lane.key = entry.lane;
  Owner* owner = nullptr;
  try {
    owner = &lane.owners[entry.whom];
  } catch (...) {
    forget_if_empty(lane);
    throw;
  }
  if (owner->entries.empty()) {
    owner->whom = entry.whom;
    owner->lane = &lane;
    if (lane.turns.empty()) {
      lane_turn.front() = &lane;
      lane.turn = lane_turn.begin();
      turns_.splice(turns_.end(), lane_turn);
    }
    owner_turn.front() = owner;
    owner->turn = owner_turn.begin();
    lane.turns.splice(lane.turns.end(), owner_turn);
  }
  entry.owner_ = owner;
  entry.at_ = made.begin();
  owner->entries.splice(owner->entries.end(), made);
  ++size_;
}

FairQueue::Entry* FairQueue::pop() {
  for (Lane* lane : turns_)
    if (lane->key == nullptr || lane->unclaimed < kUnclaimed) return take(*lane);
  return nullptr;
}

FairQueue::Entry* FairQueue::pop_any() { return turns_.empty() ? nullptr : take(*turns_.front()); }

// The lane and its first owner go to the end of their lines.
FairQueue::Entry* FairQueue::take(Lane& lane) {
  turns_.splice(turns_.end(), turns_, lane.turn);
  Owner& owner = *lane.turns.front();
  lane.turns.splice(lane.turns.end(), lane.turns, owner.turn);
  if (lane.key != nullptr) ++lane.unclaimed;
  Entry& entry = *owner.entries.front();
  detach(entry);
  return &entry;
}

bool FairQueue::erase(Entry& entry) {
  if (!entry.queued()) return false;
  detach(entry);
  return true;
}

void FairQueue::detach(Entry& entry) {
  Owner& owner = *std::exchange(entry.owner_, nullptr);
  owner.entries.erase(entry.at_);
  --size_;
  if (!owner.entries.empty()) return;
  Lane& lane = *owner.lane;
  lane.turns.erase(owner.turn);
  lane.owners.erase(owner.whom);
  if (lane.turns.empty()) turns_.erase(lane.turn);
  forget_if_empty(lane);
}

void FairQueue::forget_if_empty(Lane& lane) {
  if (lane.owners.empty() && lane.unclaimed == 0) lanes_.erase(lane.key);
}

FairQueue::Entry* FairQueue::displace_for(const Entry& entry) {
  Owner* most = nullptr;
  std::size_t own = 0;
  for (const Lane* lane : turns_) {
    for (Owner* owner : lane->turns) {
      if (most == nullptr || owner->entries.size() > most->entries.size()) most = owner;
      if (lane->key == entry.lane && owner->whom == entry.whom) own = owner->entries.size();
    }
  }
  if (most == nullptr || most->entries.size() < own + 2) return nullptr;
  Entry& newest = *most->entries.back();
  detach(newest);
  return &newest;
}

bool FairQueue::claim(const void* key) {
  const auto at = lanes_.find(key);
  if (at == lanes_.end()) return false;
  Lane& lane = at->second;
  const bool was_full = lane.unclaimed-- >= kUnclaimed;
  forget_if_empty(lane);
  return was_full;
}

}  // namespace pintle::detail

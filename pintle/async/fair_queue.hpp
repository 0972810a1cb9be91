// Jobs of many owners that wait for a worker: who has many waiting holds nobody up who has few.
#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>

namespace pintle::detail {

// Lanes take turns, in a lane the owners, and of one owner the oldest job comes first. A lane is a loop, to which
// results go back: it is passed over while kUnclaimed of them lie there. Not thread-safe.
class FairQueue {
 public:
  struct Owner;
  // Base of what is queued.
  class Entry {
   public:
    bool queued() const { return owner_ != nullptr; }
    // To whom the result goes back; null: to nobody who could be slow.
    const void* lane = nullptr;
    // For whom it is done; null: for nobody in particular.
    const void* whom = nullptr;

   private:
    friend class FairQueue;
    Owner* owner_ = nullptr;
    std::list<Entry*>::iterator at_;
  };

  // Throws std::bad_alloc, and then has not taken it.
  void push(Entry& entry);
  // Null: there is none, or each lane that has some has enough unclaimed results.
  Entry* pop();
  // The same whatever is unclaimed.
  Entry* pop_any();
  // True when it was queued.
  bool erase(Entry& entry);
  // Takes out the newest job of the owner who has most, where that is at least two more than `entry`'s owner has; null
  // where it is not.
  Entry* displace_for(const Entry& entry);
  // A result that pop() let be made for `lane` was taken there. True: the lane may have more now.
  bool claim(const void* lane);

  std::size_t size() const { return size_; }

  static constexpr std::size_t kUnclaimed = 8;

 private:
  struct Lane;
  Entry* take(Lane& lane);
  void forget_if_empty(Lane& lane);
  void detach(Entry& entry);

  std::unordered_map<const void*, Lane> lanes_;
  std::list<Lane*> turns_;  // of those that have jobs
  std::size_t size_ = 0;
};

struct FairQueue::Owner {
  const void* whom = nullptr;
  Lane* lane = nullptr;
  std::list<Entry*> entries;
  std::list<Owner*>::iterator turn;
};

struct FairQueue::Lane {
  const void* key = nullptr;
  std::unordered_map<const void*, Owner> owners;  // those that have jobs
  std::list<Owner*> turns;
  std::list<Lane*>::iterator turn;
  std::size_t unclaimed = 0;
};

}  // namespace pintle::detail

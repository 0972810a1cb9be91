#include <exception>
#include <utility>

#include "store/sqlite/commit_queue.hpp"

namespace items {

Outcome<void> CommitQueue::apply(const Change& change) {
  Waiting self(change);
  std::unique_lock lock(mutex_);
  waiting_.push_back(&self);
  wake_.wait(lock, [&] { return self.done || !led_; });
  if (self.done) return self.outcome;
  led_ = true;
  const std::vector<Waiting*> group = std::exchange(waiting_, {});  // self is among them
  lock.unlock();
  commit(group);
  lock.lock();
  for (Waiting* one : group) one->done = true;
  led_ = false;
  wake_.notify_all();
  return self.outcome;
}

std::size_t CommitQueue::waiting() const {
  std::lock_guard lock(mutex_);
  return waiting_.size();
}

void CommitQueue::commit(const std::vector<Waiting*>& group) {
  Outcome<void> all;
  try {
    all = change_all(group);
  } catch (const std::exception& error) {  // whoever leads answers for the others: they must not wait for ever
    all = std::unexpected(Failure(Fault::database, error.what()));
  }
  if (all) return;
  static_cast<void>(connection_->execute("ROLLBACK"));  // fails when SQLite has rolled back by itself: all the same
  for (Waiting* one : group)
    if (one->outcome) one->outcome = all;
}

Outcome<void> CommitQueue::change_all(const std::vector<Waiting*>& group) {
  if (Outcome<void> begun = connection_->execute("BEGIN IMMEDIATE"); !begun) return begun;
  for (Waiting* one : group) {
    if (Outcome<void> saved = connection_->execute("SAVEPOINT change"); !saved) return saved;
    one->outcome = one->change(*connection_);
    if (!one->outcome)
      if (Outcome<void> undone = connection_->execute("ROLLBACK TO change"); !undone) return undone;
    if (Outcome<void> released = connection_->execute("RELEASE change"); !released) return released;
  }
  return connection_->execute("COMMIT");
}

}  // namespace items

// Many writers, one connection that writes: those that wait together are committed together.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "domain/errors.hpp"
#include "store/sqlite/connection.hpp"

namespace items {

// A commit waits for the disk, a change does not: so the first thread that finds the connection free does the changes
// of all that came meanwhile, each in a savepoint of its own, and commits once (group commit). Any thread; apply()
// blocks.
class CommitQueue {
 public:
  using Change = std::function<Outcome<void>(Connection&)>;

  explicit CommitQueue(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
  CommitQueue(const CommitQueue&) = delete;

  // Returns when the change is durable, or was undone: then with its own failure, or that of the commit. A change that
  // throws fails all that are committed with it.
  Outcome<void> apply(const Change& change);

  // How many threads wait for their commit, those of which one is under way not counted.
  std::size_t waiting() const;

  // REQUIRES: nobody is in apply().
  Connection& connection() { return *connection_; }

 private:
  struct Waiting {
    explicit Waiting(const Change& c) : change(c) {}
    const Change& change;
    Outcome<void> outcome;
    bool done = false;
  };

  void commit(const std::vector<Waiting*>& group);
  Outcome<void> change_all(const std::vector<Waiting*>& group);

  std::unique_ptr<Connection> connection_;  // the leader's
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Waiting*> waiting_;  // guarded by mutex_
  bool led_ = false;               // guarded by mutex_: some thread has the connection
};

}  // namespace items

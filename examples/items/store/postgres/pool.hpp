// A bounded number of connections to PostgreSQL, shared out among the loops.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/postgres/connection.hpp"
#include <pintle/async/event.hpp>
#include <pintle/async/task.hpp>
#include <pintle/base/clock.hpp>

namespace items {

struct PostgresOptions {
  PostgresOptions() = default;
  std::string dsn;
  std::size_t pool_size = 8;  // of all loops together; each has one at least
  pintle::Duration connect_timeout = std::chrono::seconds(5);
  std::size_t max_waiting = 1000;  // calls per loop that wait for a connection; one more is refused
};

// A connection is opened when none is idle, stays on the loop where it was opened, and is closed when it failed.
class PostgresPool {
 public:
  // A connection on loan; its place in the pool with it.
  class Lease;

  PostgresPool(PostgresOptions options, std::size_t loops);
  PostgresPool(const PostgresPool&) = delete;
  ~PostgresPool();

  // Waits in line. call_over when the call ends first, too_many when the line is full, or what connecting failed with.
  pintle::Task<Outcome<Lease>> lease();
  // Closes what is idle on the loop where it runs. Before the pool is destroyed while its loops still run.
  pintle::Task<> close();

 private:
  struct Share;

  PostgresOptions options_;
  std::vector<std::unique_ptr<Share>> shares_;  // by the loop's index; each belongs to its loop
};

class PostgresPool::Lease {
 public:
  Lease(Lease&& other) noexcept
      : share_(std::exchange(other.share_, nullptr)), connection_(std::move(other.connection_)) {}
  ~Lease();
  PostgresConnection& connection() { return *connection_; }

 private:
  friend class PostgresPool;
  explicit Lease(Share& share) : share_(&share) {}

  Share* share_;  // null once it was moved from
  std::unique_ptr<PostgresConnection> connection_;
};

}  // namespace items

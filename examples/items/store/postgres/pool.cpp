#include <algorithm>
#include <utility>

#include "store/postgres/pool.hpp"

namespace items {

using pintle::Status;
using pintle::Task;

struct PostgresPool::Share {
  Share(std::size_t connections, std::size_t max_waiting) : permits(connections, max_waiting) {}
  pintle::Semaphore permits;
  std::vector<std::unique_ptr<PostgresConnection>> idle;
};

PostgresPool::PostgresPool(PostgresOptions options, std::size_t loops) : options_(std::move(options)) {
  for (std::size_t i = 0; i < loops; ++i) {
    const std::size_t connections = options_.pool_size / loops + (i < options_.pool_size % loops ? 1 : 0);
    shares_.push_back(std::make_unique<Share>(std::max<std::size_t>(connections, 1), options_.max_waiting));
  }
}

PostgresPool::~PostgresPool() = default;

Task<Outcome<PostgresPool::Lease>> PostgresPool::lease() {
  const pintle::Env env = co_await pintle::current_env();
  Share& share = *shares_.at(env.loop->index());
  Status granted = co_await share.permits.acquire();
  if (!granted.ok()) {
    if (env.scope != nullptr && env.scope->cancelled())
      co_return std::unexpected(Failure::call_over(std::move(granted)));
    co_return std::unexpected(Failure(Fault::too_many, "too many calls wait for the database"));
  }
  Lease lease(share);
  while (!share.idle.empty()) {
    lease.connection_ = std::move(share.idle.back());
    share.idle.pop_back();
    if (lease.connection_->reusable()) co_return lease;
  }
  auto connected = co_await PostgresConnection::connect(options_.dsn, options_.connect_timeout);
  if (!connected) co_return std::unexpected(std::move(connected).error());
  lease.connection_ = std::move(*connected);
  co_return lease;
}

Task<> PostgresPool::close() {
  const pintle::Env env = co_await pintle::current_env();
  shares_.at(env.loop->index())->idle.clear();
}

PostgresPool::Lease::~Lease() {
  if (share_ == nullptr) return;
  if (connection_ != nullptr && connection_->reusable()) share_->idle.push_back(std::move(connection_));
  connection_.reset();
  share_->permits.release();
}

}  // namespace items

// What a process may keep in memory for its peers, and what it keeps: charged by whoever buffers, read by whoever
// admits. It refuses nothing itself.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace pintle {

enum class MemoryLevel : std::uint8_t { ok, near, over };

// One for the process, shared by its servers and channels. Any thread.
class MemoryBudget {  // NOLINT(clang-analyzer-optin.performance.Padding): wanted, see used_
 public:
  // `limit` in bytes; the level is near from `near` of it on, and over above it.
  explicit MemoryBudget(std::size_t limit, double near = 0.8)
      : limit_(static_cast<std::int64_t>(limit)), near_(static_cast<std::int64_t>(static_cast<double>(limit) * near)) {}
  MemoryBudget(const MemoryBudget&) = delete;

  std::size_t limit() const noexcept { return static_cast<std::size_t>(limit_); }
  // Bytes that are charged now, give or take kBatch for each account; exact for accounts that hold nothing.
  std::size_t used() const noexcept {
    const std::int64_t used = used_.load(std::memory_order_relaxed);
    return used > 0 ? static_cast<std::size_t>(used) : 0;
  }
  // The most there was since the last call, give or take as much. For one caller.
  std::size_t take_peak() noexcept {
    return static_cast<std::size_t>(std::max<std::int64_t>(0, peak_.exchange(used_.load(std::memory_order_relaxed))));
  }
  // One load: cheap enough for every call.
  MemoryLevel level() const noexcept {
    const std::int64_t used = used_.load(std::memory_order_relaxed);
    return used < near_ ? MemoryLevel::ok : used <= limit_ ? MemoryLevel::near : MemoryLevel::over;
  }

  // Bytes that each peer may hold whatever the others do: half of the limit, divided among those that hold more than
  // kLittle, and never less than that. So when the level is not ok somebody holds more than his share, unless it is not
  // peers that hold so much, or there are too many that hold little.
  std::size_t fair_share() const noexcept {
    const std::int64_t holders = std::max<std::int64_t>(1, holders_.load(std::memory_order_relaxed));
    return std::max(kLittle, static_cast<std::size_t>(limit_ / 2 / holders));
  }

  // What an account may hold beyond what it has told.
  static constexpr std::int64_t kBatch = 64 * 1024;
  // Who holds no more is not asked to share.
  static constexpr std::size_t kLittle = 64 * 1024;

 private:
  friend class MemoryAccount;
  friend class MemoryShare;
  const std::int64_t limit_, near_;
  alignas(64) std::atomic<std::int64_t> used_ = 0;  // away from what every call reads and nobody writes
  std::atomic<std::int64_t> holders_ = 0;           // of more than kLittle
  std::atomic<std::int64_t> peak_ = 0;              // of used_
};

// What one loop holds of the budget. Charging is an addition and a compare; the budget hears of it in batches. Loop's
// thread only; outlives all that charges it.
class MemoryAccount {
 public:
  explicit MemoryAccount(std::shared_ptr<MemoryBudget> budget) : budget_(std::move(budget)) {}
  MemoryAccount(const MemoryAccount&) = delete;
  ~MemoryAccount() { budget_->used_.fetch_sub(told_, std::memory_order_relaxed); }

  void charge(std::size_t bytes) noexcept {
    held_ += static_cast<std::int64_t>(bytes);
    if (held_ - told_ > MemoryBudget::kBatch) [[unlikely]]
      tell();
  }
  // REQUIRES: they were charged here.
  void give_back(std::size_t bytes) noexcept {
    held_ -= static_cast<std::int64_t>(bytes);
    if (told_ - held_ > MemoryBudget::kBatch || (held_ == 0 && told_ != 0)) [[unlikely]]
      tell();
  }
  // Exact.
  std::size_t held() const noexcept { return static_cast<std::size_t>(held_); }
  const MemoryBudget& budget() const noexcept { return *budget_; }

 private:
  friend class MemoryShare;
  void tell() noexcept {
    const std::int64_t more = held_ - std::exchange(told_, held_);
    const std::int64_t used = budget_->used_.fetch_add(more, std::memory_order_relaxed) + more;
    std::int64_t peak = budget_->peak_.load(std::memory_order_relaxed);
    while (used > peak && !budget_->peak_.compare_exchange_weak(peak, used, std::memory_order_relaxed)) {
    }
  }

  std::shared_ptr<MemoryBudget> budget_;
  std::int64_t held_ = 0, told_ = 0;
};

// What one peer, a connection, holds of its loop's account. Loop's thread only.
class MemoryShare {
 public:
  MemoryShare() = default;
  MemoryShare(const MemoryShare&) = delete;
  ~MemoryShare() { charge_to(nullptr); }
  // From now on; null counts nothing. What is charged goes with it. The account outlives it.
  void charge_to(MemoryAccount* account) noexcept {
    const std::size_t bytes = held_;
    if (account_ != nullptr) give_back(bytes);
    held_ = 0;
    account_ = account;
    if (account_ != nullptr) charge(bytes);
  }
  void charge(std::size_t bytes) noexcept {
    if (account_ == nullptr) return;
    account_->charge(bytes);
    held_ += bytes;
    if (held_ > MemoryBudget::kLittle && !counted_) [[unlikely]]
      count(true);
  }
  // REQUIRES: they were charged here.
  void give_back(std::size_t bytes) noexcept {
    if (account_ == nullptr) return;
    account_->give_back(bytes);
    held_ -= bytes;
    if (held_ <= MemoryBudget::kLittle && counted_) [[unlikely]]
      count(false);
  }
  std::size_t held() const noexcept { return held_; }
  // It holds more than its fair share while there is not enough for all.
  bool is_greedy() const noexcept {
    return counted_ && account_->budget().level() != MemoryLevel::ok && held_ > account_->budget().fair_share();
  }
  // Nobody has room.
  bool is_over() const noexcept { return account_ != nullptr && account_->budget().level() == MemoryLevel::over; }
  MemoryAccount* account() const noexcept { return account_; }

 private:
  void count(bool counted) noexcept {
    counted_ = counted;
    account_->budget_->holders_.fetch_add(counted ? 1 : -1, std::memory_order_relaxed);
  }
  MemoryAccount* account_ = nullptr;
  std::size_t held_ = 0;
  bool counted_ = false;
};

// What one holder has charged, where its size is found by looking: set() charges the difference. A null account counts
// nothing. Gives all of it back when it is destroyed.
class MemoryCharge {
 public:
  MemoryCharge() = default;
  explicit MemoryCharge(MemoryAccount* account) : account_(account) {}
  MemoryCharge(const MemoryCharge&) = delete;
  ~MemoryCharge() { set(0); }
  void set(std::size_t bytes) noexcept {
    if (account_ == nullptr || bytes == bytes_) return;
    if (bytes > bytes_)
      account_->charge(bytes - bytes_);
    else
      account_->give_back(bytes_ - bytes);
    bytes_ = bytes;
  }
  // From now on. What was charged elsewhere is given back there.
  void charge_to(MemoryAccount* account) noexcept {
    const std::size_t bytes = bytes_;
    set(0);
    account_ = account;
    set(bytes);
  }
  std::size_t bytes() const noexcept { return bytes_; }
  // False: nobody counts, so there is nothing to add up either.
  bool counts() const noexcept { return account_ != nullptr; }

 private:
  MemoryAccount* account_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace pintle

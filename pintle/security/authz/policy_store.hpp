// The policy that is in force, which may be replaced while calls are decided.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include <pintle/security/authz/policy.hpp>

namespace pintle {

// Any thread.
class PolicyStore {
 public:
  explicit PolicyStore(AuthorizationPolicy first)
      : current_(std::make_shared<const AuthorizationPolicy>(std::move(first))) {}
  PolicyStore(const PolicyStore&) = delete;

  std::shared_ptr<const AuthorizationPolicy> current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }
  // Grows with each replacement, from 1.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  void replace(AuthorizationPolicy next) {
    auto made = std::make_shared<const AuthorizationPolicy>(std::move(next));
    const std::lock_guard lock(mutex_);
    current_.swap(made);
    version_.fetch_add(1, std::memory_order_release);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const AuthorizationPolicy> current_;  // guarded by mutex_
  std::atomic<std::uint64_t> version_ = 1;
};

}  // namespace pintle

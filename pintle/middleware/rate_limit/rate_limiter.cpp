#include <pintle/middleware/rate_limit/rate_limiter.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace pintle {

namespace {

// Between two looks for buckets to forget, in a shard that has no room.
constexpr Duration kSweep = std::chrono::milliseconds(100);

// What a bucket holds at most, as time: so that it can be added to the present without an overflow. Four years and a
// half.
constexpr double kMostUnits = 9.2e18;

std::uint64_t units_of(double seconds_in_units) {
  return static_cast<std::uint64_t>(std::min(seconds_in_units, kMostUnits));
}

}  // namespace

TokenBucket::Rate::Rate(double per_second, std::uint32_t burst)
    : interval(static_cast<std::uint64_t>(std::llround(1e9 * static_cast<double>(kUnits) / per_second))),
      tolerance(units_of(static_cast<double>(interval) * (burst - 1))) {}

std::optional<Duration> TokenBucket::take(const Rate& rate, Duration since_begin) {
  const std::uint64_t now = units(since_begin);
  std::uint64_t full_at = full_at_.load(std::memory_order_relaxed);
  for (;;) {
    const std::uint64_t from = std::max(full_at, now);
    if (from - now > rate.tolerance)
      return Duration(static_cast<Duration::rep>((from - now - rate.tolerance + kUnits - 1) / kUnits));
    if (full_at_.compare_exchange_weak(full_at, from + rate.interval, std::memory_order_relaxed)) return std::nullopt;
  }
}

RateLimiter::RateLimiter(double per_second, std::uint32_t burst, std::size_t max_keys, TimePoint begin)
    : rate_(per_second, burst), max_in_shard_(std::max<std::size_t>(1, max_keys / kShards)), begin_(begin) {}

std::optional<Duration> RateLimiter::take(std::string_view key, TimePoint now) {
  const Duration since = now - begin_;
  if (key.empty()) return only_.take(rate_, since);
  Shard& shard = shards_[Hash()(key) / 7 % kShards];
  const std::lock_guard lock(shard.mutex);
  auto found = shard.buckets.find(key);
  if (found == shard.buckets.end()) {
    if (shard.buckets.size() >= max_in_shard_ && now - shard.swept >= kSweep) {
      shard.swept = now;
      std::erase_if(shard.buckets, [&](const auto& entry) { return entry.second.is_full(since); });
    }
    if (shard.buckets.size() >= max_in_shard_) return others_.take(rate_, since);
    found = shard.buckets.try_emplace(std::string(key)).first;
  }
  return found->second.take(rate_, since);
}

std::size_t RateLimiter::keys() const {
  std::size_t sum = 0;
  for (const Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    sum += shard.buckets.size();
  }
  return sum;
}

}  // namespace pintle

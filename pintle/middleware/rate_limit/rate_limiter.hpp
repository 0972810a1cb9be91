// Token buckets, by key.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <pintle/base/clock.hpp>

namespace pintle {

// A bucket that holds `burst` tokens and gains `per_second` of them in a second, kept as the one time at which it would
// be full again (the generic cell rate algorithm): taking one is an exchange of one word. Any thread.
class TokenBucket {
 public:
  TokenBucket() = default;

  struct Rate {
    Rate() = default;
    // REQUIRES: per_second > 0, burst >= 1.
    Rate(double per_second, std::uint32_t burst);
    std::uint64_t interval = 0;   // between two tokens
    std::uint64_t tolerance = 0;  // what the bucket holds, as time
  };
  // Nothing: a token was taken. Else how long until there is one. Times never run backwards by more than they are
  // measured apart on two threads.
  std::optional<Duration> take(const Rate& rate, Duration since_begin);
  // It holds all that it can: as if it had never been used.
  bool is_full(Duration since_begin) const { return full_at_.load(std::memory_order_relaxed) <= units(since_begin); }

 private:
  // Nanoseconds in sixty-fourths: a rate of 30 000 a second is off by less than a token in a day, and 64 bits last for
  // nine years.
  static constexpr std::uint64_t kUnits = 64;
  static std::uint64_t units(Duration d) { return static_cast<std::uint64_t>(d.count()) * kUnits; }
  std::atomic<std::uint64_t> full_at_ = 0;
};

// A bucket for each key. Any thread.
class RateLimiter {
 public:
  // At most `max_keys` buckets are kept: those that are full are forgotten first, and a new key that finds no room
  // shares one bucket with all others that found none.
  RateLimiter(double per_second, std::uint32_t burst, std::size_t max_keys, TimePoint begin);
  RateLimiter(const RateLimiter&) = delete;

  std::optional<Duration> take(std::string_view key, TimePoint now);
  std::size_t keys() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string, TokenBucket, Hash, std::equal_to<>> buckets;  // guarded by mutex
    TimePoint swept;                                                              // guarded by mutex
  };
  static constexpr std::size_t kShards = 16;
  const TokenBucket::Rate rate_;
  const std::size_t max_in_shard_;
  const TimePoint begin_;
  std::array<Shard, kShards> shards_;
  TokenBucket others_, only_;  // of keys without room; of the empty key
};

}  // namespace pintle

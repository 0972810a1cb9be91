// Where new items get their ids: UUIDv7 (RFC 9562, section 5.7), which sort by the time of their making.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>

#include "domain/item.hpp"

namespace items {

// The wall clock, injected.
using WallClock = std::function<Time()>;
Time system_time();

// 64 random bits, injected.
using Randomness = std::function<std::uint64_t()>;
std::uint64_t system_randomness();

// Any thread.
class IdSource {
 public:
  IdSource(WallClock clock, Randomness random) : clock_(std::move(clock)), random_(std::move(random)) {}
  IdSource(const IdSource&) = delete;

  // Greater than every id that this source gave before, even when the clock stands still or steps back. Lower-case
  // hexadecimal in the usual groups, 36 characters.
  ItemId next();

 private:
  WallClock clock_;
  Randomness random_;
  std::mutex mutex_;
  std::int64_t last_ =
      0;  // guarded by mutex_: milliseconds, then 12 bits that count within one (section 6.2, method 1)
};

}  // namespace items

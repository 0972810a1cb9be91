#include <algorithm>
#include <random>

#include <fmt/core.h>

#include "domain/ids.hpp"

namespace items {

Time system_time() { return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now()); }

std::uint64_t system_randomness() {
  static thread_local std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

ItemId IdSource::next() {
  const auto since_epoch = std::chrono::floor<std::chrono::milliseconds>(clock_()).time_since_epoch();
  const std::int64_t now = std::max<std::int64_t>(since_epoch.count(), 0);
  std::uint64_t stamp = 0;
  std::uint64_t random = 0;
  {
    std::lock_guard lock(mutex_);
    random = random_();
    last_ = std::max(now << 12, last_ + 1);
    stamp = static_cast<std::uint64_t>(last_);
  }
  const std::uint64_t milliseconds = stamp >> 12;
  const std::uint64_t count = stamp & 0xfff;
  return fmt::format("{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}", (milliseconds >> 16) & 0xffffffff, milliseconds & 0xffff,
                     count, 0x8000 | ((random >> 48) & 0x3fff), random & 0xffffffffffff);
}

}  // namespace items

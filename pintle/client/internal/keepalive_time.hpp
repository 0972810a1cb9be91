// How long the connections of a channel may be silent before they are pinged (gRFC A8). The loops share it: when a
// server complains on one of them, it means all.
#pragma once

#include <algorithm>
#include <atomic>

#include <pintle/base/clock.hpp>

namespace pintle::client {

inline constexpr Duration kMinKeepaliveTime = std::chrono::seconds(10);

// Any thread.
class KeepaliveTime {
 public:
  explicit KeepaliveTime(Duration time) : time_(std::max(time, kMinKeepaliveTime)) {}

  // What a new connection gets; max(): it never pings.
  Duration get() const { return time_.load(std::memory_order_relaxed); }

  // A server says that a connection which pings after `time` does so too often: new ones wait twice as long. Several
  // that hear it of the same time double it once. The time for new connections.
  Duration too_short(Duration time) {
    const Duration doubled = time > Duration::max() / 2 ? Duration::max() : 2 * time;
    Duration now = get();
    while (now < doubled && !time_.compare_exchange_weak(now, doubled, std::memory_order_relaxed)) {
    }
    return std::max(now, doubled);
  }

 private:
  std::atomic<Duration> time_;
};

}  // namespace pintle::client

// PINGs of both sides: ours that wait for their answer, and the peer's that come too often (gRFC A8).
#pragma once

#include <cstdint>
#include <utility>

#include <pintle/base/clock.hpp>
#include <pintle/http2/options.hpp>

namespace pintle::http2 {

class PingGuard {
 public:
  explicit PingGuard(const Options& options) : options_(options) {}

  // Sending DATA or HEADERS forgives everything: peers that measure the path ping after data.
  void sent_frames() { forgiven_ = true; }
  // False when the peer has pinged too often. A PING that came too early does not move the time from which the next one
  // is judged.
  bool received(TimePoint now, bool has_streams) {
    if (options_.ping_strikes == 0) return true;
    if (std::exchange(forgiven_, false)) {
      strikes_ = 0;
      last_valid_ = TimePoint::min();
    }
    const Duration least = has_streams ? options_.min_ping_interval : options_.min_ping_interval_idle;
    if (last_valid_ != TimePoint::min() && now - last_valid_ < least) return ++strikes_ <= options_.ping_strikes;
    last_valid_ = now;
    return true;
  }

  void sent() { ++outstanding_; }
  // False for an answer that nobody asked for.
  bool answered() {
    if (outstanding_ == 0) return false;
    --outstanding_;
    return true;
  }

 private:
  const Options& options_;
  bool forgiven_ = false;
  std::uint32_t strikes_ = 0;
  TimePoint last_valid_ = TimePoint::min();
  std::uint32_t outstanding_ = 0;
};

}  // namespace pintle::http2

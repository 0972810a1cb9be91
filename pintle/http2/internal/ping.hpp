// PINGs of both sides: ours that wait for their answer, and the peer's that come too often (gRFC A8).
#pragma once

#include <cstdint>

#include <pintle/base/clock.hpp>
#include <pintle/http2/options.hpp>

namespace pintle::http2 {

class PingGuard {
 public:
  explicit PingGuard(const Options& options) : options_(options) {}

  // Sending DATA or HEADERS forgives everything: peers that measure the path ping after data.
  void sent_frames() { forgiven_ = true; }
  // False when the peer has pinged too often.
  bool received(TimePoint now, bool has_streams) {
    if (options_.ping_strikes == 0) return true;
    if (forgiven_) {
      forgiven_ = false;
      strikes_ = 0;
      last_ = TimePoint::min();
      return true;
    }
    const Duration least = has_streams ? options_.min_ping_interval : options_.min_ping_interval_idle;
    const bool early = last_ != TimePoint::min() && now - last_ < least;
    last_ = now;
    return !early || ++strikes_ <= options_.ping_strikes;
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
  TimePoint last_ = TimePoint::min();
  std::uint32_t outstanding_ = 0;
};

}  // namespace pintle::http2

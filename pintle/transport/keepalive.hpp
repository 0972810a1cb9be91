// When to ask a silent peer whether it still lives, and when to give it up (gRFC A8 for clients, A9 for servers).
#pragma once

#include <cstdint>

#include <pintle/base/clock.hpp>

namespace pintle::transport {

struct KeepaliveOptions {
  KeepaliveOptions() = default;
  Duration time = Duration::max();              // silence after which a PING is sent; max(): never
  Duration timeout = std::chrono::seconds(20);  // how long its answer may take, any other byte included
  bool without_calls = false;                   // also while no stream is open
};

// Pure state: told what happens, asked what to do. Silence is measured from the last byte read, not from the last PING.
class Keepalive {
 public:
  enum class Action : std::uint8_t { none, ping, give_up };

  Keepalive(const KeepaliveOptions& options, TimePoint now) : options_(options), last_read_(now) {}

  void on_read(TimePoint now) {
    last_read_ = now;
    pinged_ = false;
  }
  // Calling it early does no harm.
  Action on_timer(TimePoint now, bool has_streams) {
    if (options_.time == Duration::max()) return Action::none;
    if (pinged_) return now >= Deadline::after(pinged_at_, options_.timeout).at() ? Action::give_up : Action::none;
    if (!has_streams && !options_.without_calls) return Action::none;
    if (now < Deadline::after(last_read_, options_.time).at()) return Action::none;
    pinged_ = true;
    pinged_at_ = now;
    return Action::ping;
  }
  // When on_timer() may have something to do; TimePoint::max() when never.
  TimePoint next(bool has_streams) const {
    if (options_.time == Duration::max()) return TimePoint::max();
    if (pinged_) return Deadline::after(pinged_at_, options_.timeout).at();
    if (!has_streams && !options_.without_calls) return TimePoint::max();
    return Deadline::after(last_read_, options_.time).at();
  }

 private:
  KeepaliveOptions options_;
  TimePoint last_read_, pinged_at_;
  bool pinged_ = false;
};

}  // namespace pintle::transport

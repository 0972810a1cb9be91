#pragma once

#include <cstdint>
#include <ctime>

#include "tally.hpp"

namespace pintle::bench {

// Nanoseconds of the monotonic clock.
inline std::uint64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

// A connected non-blocking socket to a port of the loopback interface. A server that was just started may not listen
// yet: it has five seconds of grace; then the process ends.
int connect_to(std::uint16_t port);

// A kind of load: makes calls while it is turned, and counts them.
class Driver {
 public:
  virtual ~Driver() = default;
  // Returns at the deadline, or when there is nothing left to do.
  virtual void turn_until(std::uint64_t deadline) = 0;
  // No more calls begin; what is open may end.
  virtual void stop() = 0;

  Tally& tally() { return tally_; }

 protected:
  Tally tally_;
};

}  // namespace pintle::bench

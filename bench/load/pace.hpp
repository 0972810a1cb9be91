#pragma once

#include <algorithm>
#include <cstdint>

namespace pintle::bench {

// So many a second and no more, evenly. Who comes late makes up for ten at the most. Times are nanoseconds.
class Pace {
 public:
  explicit Pace(std::uint64_t per_second) : interval_(1'000'000'000 / per_second) {}

  // True when one more may begin.
  bool take(std::uint64_t now) {
    if (now < next_) return false;
    const std::uint64_t arrears = 9 * interval_;
    next_ = std::max(next_, now > arrears ? now - arrears : 0) + interval_;
    return true;
  }
  // When take() says yes again; in the past when it does so now.
  [[nodiscard]] std::uint64_t next() const { return next_; }

 private:
  std::uint64_t interval_;
  std::uint64_t next_ = 0;
};

}  // namespace pintle::bench

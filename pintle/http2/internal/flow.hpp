// Flow-control windows (RFC 9113 section 6.9). All signed arithmetic about windows is in here.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include <pintle/base/clock.hpp>
#include <pintle/http2/frame/types.hpp>

namespace pintle::http2 {

// What one side may still send. It may be negative after SETTINGS_INITIAL_WINDOW_SIZE shrank (section 6.9.2).
class Window {
 public:
  explicit Window(std::uint32_t size) : left_(size) {}

  std::uint32_t available() const { return left_ > 0 ? static_cast<std::uint32_t>(left_) : 0; }
  void take(std::uint32_t n) { left_ -= n; }
  // False when the window would pass 2^31-1: it is then unchanged.
  [[nodiscard]] bool add(std::uint32_t n) { return shift(n); }
  // The peer's or our initial size went from `from` to `to`. False when the window would pass 2^31-1.
  [[nodiscard]] bool resize(std::uint32_t from, std::uint32_t to) {
    return shift(static_cast<std::int64_t>(to) - static_cast<std::int64_t>(from));
  }
  std::int64_t value() const { return left_; }

 private:
  bool shift(std::int64_t n) {
    if (left_ + n > static_cast<std::int64_t>(kMaxWindow)) return false;
    left_ += n;
    return true;
  }

  std::int64_t left_;
};

// What the peer may still send to us, and what it gets back: credit is gathered until half of the window is owed, so
// that a WINDOW_UPDATE is worth its bytes.
class ReceiveWindow {
 public:
  explicit ReceiveWindow(std::uint32_t size) : window_(size), size_(size) {}

  // False when the peer sends more than it may.
  [[nodiscard]] bool receive(std::uint32_t n) {
    if (n > window_.available()) return false;
    window_.take(n);
    return true;
  }
  std::uint32_t available() const { return window_.available(); }
  // Owes the peer `n` bytes more. The increment to send now, or 0.
  std::uint32_t credit(std::uint32_t n) {
    owed_ += n;
    if (owed_ < (size_ + 1) / 2) return 0;
    const std::uint32_t increment = owed_;
    if (!window_.add(increment)) return 0;
    owed_ = 0;
    return increment;
  }
  void resize(std::uint32_t size) {
    if (window_.resize(size_, size)) size_ = size;
  }
  // Called with each increment that goes out: a reader that has used half of the window again within `soon` keeps up
  // with its peer, and gets twice the window, up to `limit`. The further increment to send, or 0.
  std::uint32_t grow(TimePoint now, Duration soon, std::uint32_t limit) {
    const TimePoint before = std::exchange(credited_at_, now);
    if (before == TimePoint() || now <= before || now - before > soon || size_ >= limit) return 0;
    const std::uint32_t more = std::min(size_, limit - size_);
    if (!window_.add(more)) return 0;
    size_ += more;
    return more;
  }

 private:
  Window window_;
  std::uint32_t size_;
  std::uint32_t owed_ = 0;
  TimePoint credited_at_;
};

}  // namespace pintle::http2

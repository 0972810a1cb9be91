// Counts calls in and out, and keeps a part of the room for each kind of them.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include <pintle/base/clock.hpp>

namespace pintle {

// Any thread, without locks.
class AdmissionGate {
 public:
  // `shares`: the part of the room that each kind has for itself, together 1 at most. What a kind does not want others
  // may use: it is kept for one that came within the last second. Empty: one kind, which has all.
  explicit AdmissionGate(std::vector<double> shares);
  AdmissionGate(const AdmissionGate&) = delete;

  // True: it is inside, until leave(). `limit`: how many may be.
  bool enter(std::size_t kind, std::size_t limit, TimePoint now) noexcept;
  void leave(std::size_t kind) noexcept;
  std::size_t inside() const noexcept { return inside_.load(std::memory_order_relaxed); }

 private:
  struct alignas(64) Kind {
    double share = 1;
    std::atomic<std::size_t> inside = 0;
    std::atomic<Duration::rep> wanted_at = 0;  // when one came last
  };
  std::size_t own_room(const Kind& kind, std::size_t limit) const noexcept;

  std::vector<std::unique_ptr<Kind>> kinds_;
  std::atomic<std::size_t> inside_ = 0;
};

}  // namespace pintle

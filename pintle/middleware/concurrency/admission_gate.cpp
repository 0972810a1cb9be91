#include <pintle/middleware/concurrency/admission_gate.hpp>

#include <chrono>
#include <cmath>

namespace pintle {

namespace {

constexpr Duration kStillWanted = std::chrono::seconds(1);

}  // namespace

AdmissionGate::AdmissionGate(std::vector<double> shares) {
  if (shares.empty()) shares.push_back(1);
  for (const double share : shares) kinds_.emplace_back(std::make_unique<Kind>())->share = share;
}

std::size_t AdmissionGate::own_room(const Kind& kind, std::size_t limit) const noexcept {
  return static_cast<std::size_t>(std::lround(kind.share * static_cast<double>(limit)));
}

bool AdmissionGate::enter(std::size_t index, std::size_t limit, TimePoint now) noexcept {
  Kind& kind = *kinds_[index];
  if (kinds_.size() == 1) {
    if (inside_.fetch_add(1, std::memory_order_relaxed) < limit) return true;
    inside_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  const auto at = now.time_since_epoch().count();
  if (kind.wanted_at.load(std::memory_order_relaxed) != at) kind.wanted_at.store(at, std::memory_order_relaxed);
  bool may = kind.inside.fetch_add(1, std::memory_order_relaxed) < own_room(kind, limit);
  if (!may) {
    std::size_t kept = 0;
    for (const auto& other : kinds_) {
      const bool wanted = at - other->wanted_at.load(std::memory_order_relaxed) < kStillWanted.count();
      const std::size_t own = own_room(*other, limit), has = other->inside.load(std::memory_order_relaxed);
      if (other.get() != &kind && wanted && has < own) kept += own - has;
    }
    may = inside_.load(std::memory_order_relaxed) + kept < limit;
  }
  if (may)
    inside_.fetch_add(1, std::memory_order_relaxed);
  else
    kind.inside.fetch_sub(1, std::memory_order_relaxed);
  return may;
}

void AdmissionGate::leave(std::size_t index) noexcept {
  if (kinds_.size() > 1) kinds_[index]->inside.fetch_sub(1, std::memory_order_relaxed);
  inside_.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace pintle

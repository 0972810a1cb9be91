#include <pintle/resilience/breaker/circuit_breaker.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace pintle {

namespace {
std::uint64_t ppm(double rate) {
  return static_cast<std::uint64_t>(std::llround(std::clamp(rate, 0.0, 1.0) * 1'000'000));
}
}  // namespace

std::string_view state_name(CircuitBreaker::State state) {
  switch (state) {
    case CircuitBreaker::State::closed:
      return "closed";
    case CircuitBreaker::State::open:
      return "open";
    case CircuitBreaker::State::half_open:
      return "half_open";
    case CircuitBreaker::State::isolated:
      break;
  }
  return "isolated";
}

CircuitBreaker::CircuitBreaker(const BreakerOptions& options, OnChange on_change)
    : options_(options),
      failure_ppm_(ppm(options.failure_rate)),
      slow_ppm_(ppm(options.slow_rate)),
      on_change_(std::move(on_change)) {
  if (has_rates() && options_.window_time == Duration::zero())
    last_.reserve(std::max<std::uint32_t>(1, options_.window_calls));
}

template <class F>
void CircuitBreaker::locked(F&& f) {
  std::optional<std::pair<State, State>> changed;
  {
    const std::lock_guard lock(mutex_);
    f();
    changed = std::exchange(changed_, std::nullopt);
  }
  if (changed && on_change_) on_change_(changed->first, changed->second);
}

std::optional<CircuitBreaker::Permit> CircuitBreaker::admit(TimePoint now) {
  const std::uint64_t word = word_.load(std::memory_order_acquire);
  if (state_of(word) == State::closed) [[likely]]
    return Permit(epoch_of(word));
  std::optional<Permit> permit;
  locked([&] {
    const State state = this->state();
    if (state == State::closed) {
      permit = Permit(epoch_of(word_.load(std::memory_order_relaxed)));
      return;
    }
    if (state == State::open && now >= open_until_) change(State::half_open, now);
    if (this->state() != State::half_open || probing_ >= std::max<std::uint32_t>(1, options_.probes)) return;
    ++probing_;
    permit = Permit(epoch_of(word_.load(std::memory_order_relaxed)));
  });
  return permit;
}

void CircuitBreaker::ended(Permit permit, Outcome outcome, Duration took, TimePoint now) {
  const std::uint64_t word = word_.load(std::memory_order_acquire);
  if (permit.epoch_ != epoch_of(word)) return;
  if (state_of(word) == State::closed && !has_rates() && outcome != Outcome::failure) [[likely]] {
    if (outcome == Outcome::success && in_a_row_.load(std::memory_order_relaxed) != 0)
      in_a_row_.store(0, std::memory_order_relaxed);
    return;
  }
  locked([&] {
    if (permit.epoch_ != epoch_of(word_.load(std::memory_order_relaxed))) return;
    if (state() == State::half_open) return probed(outcome, is_slow(took), now);
    if (state() != State::closed || outcome == Outcome::ignored) return;
    const std::uint32_t in_a_row =
        outcome == Outcome::failure ? in_a_row_.fetch_add(1, std::memory_order_relaxed) + 1 : 0;
    if (outcome == Outcome::success) in_a_row_.store(0, std::memory_order_relaxed);
    const Tally window = has_rates() ? count(outcome, is_slow(took), now) : Tally();
    if ((options_.consecutive_failures != 0 && in_a_row >= options_.consecutive_failures) ||
        (window.calls >= std::max<std::uint32_t>(1, options_.min_calls) && too_bad(window)))
      change(State::open, now);
  });
}

CircuitBreaker::Tally CircuitBreaker::count(Outcome outcome, bool slow, TimePoint now) {
  const bool failed = outcome == Outcome::failure;
  if (options_.window_time != Duration::zero()) {
    const Duration width = std::max<Duration>(Duration(1), options_.window_time / kBuckets);
    const std::int64_t number = now.time_since_epoch() / width;
    Bucket& bucket = buckets_[static_cast<std::size_t>(number) % kBuckets];
    if (bucket.number < number) {
      bucket = Bucket();
      bucket.number = number;
    }
    ++bucket.calls;
    bucket.failures += failed ? 1 : 0;
    bucket.slow += slow ? 1 : 0;
    Tally sum;
    for (const Bucket& b : buckets_) {
      if (b.number <= number - static_cast<std::int64_t>(kBuckets)) continue;
      sum.calls += b.calls;
      sum.failures += b.failures;
      sum.slow += b.slow;
    }
    return sum;
  }
  const auto bits = static_cast<std::uint8_t>((failed ? 1 : 0) | (slow ? 2 : 0));
  if (last_.size() < std::max<std::uint32_t>(1, options_.window_calls)) {
    last_.push_back(bits);
    ++window_.calls;
  } else {
    const std::uint8_t old = std::exchange(last_[at_], bits);
    at_ = (at_ + 1) % last_.size();
    window_.failures -= old & 1;
    window_.slow -= old >> 1;
  }
  window_.failures += failed ? 1 : 0;
  window_.slow += slow ? 1 : 0;
  return window_;
}

void CircuitBreaker::probed(Outcome outcome, bool slow, TimePoint now) {
  if (outcome == Outcome::ignored) {
    --probing_;
    return;
  }
  ++probed_.calls;
  probed_.failures += outcome == Outcome::failure ? 1 : 0;
  probed_.slow += slow ? 1 : 0;
  if (probed_.calls < std::max<std::uint32_t>(1, options_.probes)) return;
  const bool failed = failure_ppm_ == 0 && probed_.failures != 0;
  change(failed || too_bad(probed_) ? State::open : State::closed, now);
}

void CircuitBreaker::change(State to, TimePoint now) {
  const std::uint64_t word = word_.load(std::memory_order_relaxed);
  changed_ = {changed_ ? changed_->first : state_of(word), to};
  if (to == State::open) open_until_ = Deadline::after(now, options_.open_for).at();
  in_a_row_.store(0, std::memory_order_relaxed);
  last_.clear();
  at_ = 0;
  window_ = probed_ = Tally();
  buckets_.fill(Bucket());
  probing_ = 0;
  word_.store((epoch_of(word) + 1) << 2 | static_cast<std::uint64_t>(to), std::memory_order_release);
}

void CircuitBreaker::isolate() {
  locked([&] {
    if (state() != State::isolated) change(State::isolated, TimePoint());
  });
}

void CircuitBreaker::close() {
  locked([&] { change(State::closed, TimePoint()); });
}

Duration CircuitBreaker::opens_in(TimePoint now) const {
  if (state() != State::open) return Duration::zero();
  const std::lock_guard lock(mutex_);
  return std::max(Duration::zero(), open_until_ - now);
}

}  // namespace pintle

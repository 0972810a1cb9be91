#include <pintle/resilience/retry/retry_policy.hpp>

#include <charconv>
#include <cstdint>
#include <utility>

#include <pintle/base/backoff.hpp>
#include <pintle/resilience/retry/retry_throttle.hpp>

namespace pintle {

Duration RetryPolicy::delay(int n, double chance) const {
  return backoff(initial_backoff, multiplier, max_backoff, jitter, n - 1, chance);
}

Pushback Pushback::of(const Metadata& trailers) {
  Pushback found;
  for (const Metadata::Entry entry : trailers) {
    if (entry.key != "grpc-retry-pushback-ms") continue;
    const bool second = found.kind != Kind::none;
    std::int32_t milliseconds = -1;
    const char* const begin = entry.value.data();
    const char* const end = begin + entry.value.size();
    const auto read = std::from_chars(begin, end, milliseconds);
    const bool good = !second && read.ec == std::errc() && read.ptr == end && milliseconds >= 0;
    found.kind = good ? Kind::wait : Kind::stop;
    found.delay = std::chrono::milliseconds(good ? milliseconds : 0);
  }
  return found;
}

std::optional<Duration> RetryMachine::next(const AttemptEnd& end, const Random& random) {
  const bool first = std::exchange(first_, false);
  transparent_ = false;
  if (end.code == Code::ok && !end.timed_out) {
    if (throttle_ != nullptr) throttle_->succeeded();
    return std::nullopt;
  }
  if (end.committed || end.dropped) return std::nullopt;
  if (end.opened && (!end.left_client || (first && !end.processed))) {
    transparent_ = true;
    return Duration::zero();
  }
  if (policy_ == nullptr) return std::nullopt;
  if (end.pushback.kind == Pushback::Kind::stop) {
    if (throttle_ != nullptr) throttle_->failed();
    return std::nullopt;
  }
  if (!end.timed_out && !policy_->codes.has(end.code)) return std::nullopt;
  if (throttle_ != nullptr && !throttle_->failed()) return std::nullopt;
  if (counted_ + 1 >= policy_->attempts()) return std::nullopt;
  ++counted_;
  if (end.pushback.kind == Pushback::Kind::wait) {
    since_pushback_ = 0;
    return end.pushback.delay;
  }
  return policy_->delay(++since_pushback_, random());
}

}  // namespace pintle

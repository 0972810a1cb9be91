#include <pintle/http2/internal/limits.hpp>

#include <utility>

namespace pintle::http2 {
namespace {

// A peer with fewer errors than one in so many streams is never cut off for them.
constexpr std::uint64_t kStreamsPerReset = 50;

}  // namespace

bool Bucket::take(TimePoint now) {
  if (left_ == 0 || now - refilled_ >= std::chrono::seconds(1)) {
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - refilled_);
    const auto fresh = static_cast<std::uint64_t>(elapsed.count()) * per_second_ / 1000;
    if (fresh > 0) {
      give(fresh);
      refilled_ = now;
    }
  }
  if (left_ == 0) return false;
  --left_;
  return true;
}

bool Limits::provoked_reset(TimePoint now, std::uint64_t streams) {
  const std::uint64_t fresh = streams - std::exchange(streams_, streams);
  if (fresh > 1) good_streams_ += fresh - 1;  // one of them is this one
  provoked_.give(good_streams_ / kStreamsPerReset);
  good_streams_ %= kStreamsPerReset;
  return provoked_.take(now);
}

bool Limits::hint(TimePoint now, std::uint64_t streams) {
  if (hints_ >= streams) return glitch(now);
  ++hints_;
  ++glitches_;
  return true;
}

bool Limits::small_data_frame(std::size_t payload) {
  if (payload == 0) {
    if (++empty_frames_ > options_.max_empty_data) return false;
  } else {
    empty_frames_ = 0;
  }
  overhead_ += kFrameCost;
  overhead_ -= std::min(overhead_, 2 * payload);
  return overhead_ <= options_.tiny_data_overhead;
}

}  // namespace pintle::http2

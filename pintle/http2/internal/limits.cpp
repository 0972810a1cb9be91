#include <pintle/http2/internal/limits.hpp>

#include <algorithm>

namespace pintle::http2 {

bool Limits::glitch(TimePoint now) {
  ++glitches_;
  if (glitch_tokens_ == 0 || now - glitch_refilled_ >= std::chrono::seconds(1)) {
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - glitch_refilled_);
    const auto fresh = static_cast<std::uint64_t>(elapsed.count()) * options_.glitch_rate / 1000;
    if (fresh > 0) {
      glitch_tokens_ = std::min<std::uint64_t>(glitch_tokens_ + fresh, options_.glitch_burst);
      glitch_refilled_ = now;
    }
  }
  if (glitch_tokens_ == 0) return false;
  --glitch_tokens_;
  return true;
}

bool Limits::small_data_frame(std::size_t payload, std::size_t padding) {
  if (payload == 0) {
    if (++empty_frames_ > options_.max_empty_data) return false;
  } else {
    empty_frames_ = 0;
  }
  // Five bytes, the smallest gRPC message, pay for their own frame; less does not, and padding never does.
  const std::size_t cost = 9 + padding, earned = 2 * payload;
  overhead_ = overhead_ + cost > earned ? overhead_ + cost - earned : 0;
  return overhead_ <= options_.tiny_data_overhead;
}

}  // namespace pintle::http2

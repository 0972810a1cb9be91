// GOAWAY of both sides (RFC 9113 section 6.8): last stream ids that may only fall.
#pragma once

#include <cstdint>
#include <optional>

#include <pintle/http2/frame/types.hpp>

namespace pintle::http2 {

class Goaway {
 public:
  // The id to send when this side wants to announce `last`; it never grows.
  std::uint32_t send(std::uint32_t last) {
    if (sent_ && *sent_ < last) last = *sent_;
    sent_ = last;
    return last;
  }
  // False when the peer raised its last id, which it must not.
  [[nodiscard]] bool receive(std::uint32_t last) {
    if (received_ && *received_ < last) return false;
    received_ = last;
    return true;
  }
  // A stream of the peer's that begins above what we said we would take.
  bool refuses(std::uint32_t id) const { return sent_ && id > *sent_; }
  bool was_received() const { return received_.has_value(); }
  bool was_sent() const { return sent_.has_value(); }

 private:
  std::optional<std::uint32_t> sent_, received_;
};

}  // namespace pintle::http2

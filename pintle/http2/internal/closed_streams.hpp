// How the latest streams ended, in two bits each: it decides what a frame that comes after the end means.
#pragma once

#include <array>
#include <cstdint>

#include <pintle/http2/session.hpp>

namespace pintle::http2 {

class ClosedStreams {
 public:
  enum class How : std::uint8_t {
    ended,          // END_STREAM came: nothing may follow
    reset_by_us,    // what the peer sent before it knew may still arrive
    reset_by_peer,  // nothing may follow
    never_opened,   // skipped: a higher id was used first (RFC 9113 section 5.1.1)
  };

  // The highest id that was opened so far; above it every stream is idle.
  StreamId highest() const { return highest_; }

  // REQUIRES: id > highest(), and of the same parity as all others.
  void opened(StreamId id) {
    std::uint32_t skipped = (id - highest_) / 2;
    if (highest_ == 0) skipped = id / 2 + 1;
    if (skipped > 1) mark_skipped(id, skipped - 1);
    highest_ = id;
    set(id, How::ended);
  }
  void set(StreamId id, How how) {
    if (!remembers(id)) return;
    std::uint64_t& word = words_[(id >> 6) % words_.size()];
    const std::uint32_t shift = (id >> 1) % 32 * 2;
    word = (word & ~(std::uint64_t{3} << shift)) | static_cast<std::uint64_t>(how) << shift;
  }
  // A stream that ended too long ago counts as reset by us, the most lenient case.
  How how(StreamId id) const {
    if (!remembers(id)) return How::reset_by_us;
    return static_cast<How>(words_[(id >> 6) % words_.size()] >> (id >> 1) % 32 * 2 & 3);
  }

 private:
  static constexpr std::uint32_t kRemembered = 1024;

  bool remembers(StreamId id) const { return (highest_ >> 1) - (id >> 1) < kRemembered; }
  void mark_skipped(StreamId below, std::uint32_t count) {
    highest_ = below;
    if (count > kRemembered) count = kRemembered;
    for (std::uint32_t i = 1; i <= count; ++i) set(below - 2 * i, How::never_opened);
  }

  std::array<std::uint64_t, kRemembered / 32> words_{};
  StreamId highest_ = 0;
};

}  // namespace pintle::http2

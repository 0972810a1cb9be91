// How streams ended: it decides what a frame that comes after the end means. The latest are known exactly, in two bits
// each; of those before them, which ids were skipped.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
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
    const StreamId next = highest_ == 0 ? 2 - id % 2 : highest_ + 2;
    if (id != next) [[unlikely]]
      skip(next, id);
    highest_ = id;
    set(id, How::ended);
  }
  void set(StreamId id, How how) {
    if (!remembers(id)) return;
    std::uint64_t& word = words_[(id >> 6) % words_.size()];
    const std::uint32_t shift = (id >> 1) % 32 * 2;
    word = (word & ~(std::uint64_t{3} << shift)) | static_cast<std::uint64_t>(how) << shift;
  }
  // Whether set() and how() are exact for this stream.
  bool remembers(StreamId id) const { return (highest_ >> 1) - (id >> 1) < kRemembered; }
  // A stream that ended too long ago counts as reset by us, the most lenient case.
  How how(StreamId id) const {
    if (!remembers(id)) return was_skipped(id) ? How::never_opened : How::reset_by_us;
    return static_cast<How>(words_[(id >> 6) % words_.size()] >> (id >> 1) % 32 * 2 & 3);
  }

 private:
  static constexpr std::uint32_t kRemembered = 1024;
  static constexpr std::size_t kGaps = 8;

  // Ids that were never opened, of one parity.
  struct Gap {
    StreamId first = 0, last = 0;
  };

  [[gnu::cold]] void skip(StreamId first, StreamId below) {
    highest_ = below;
    const std::uint32_t count = std::min((below - first) / 2, kRemembered);
    for (std::uint32_t i = 1; i <= count; ++i) set(below - 2 * i, How::never_opened);
    // Too many gaps: the two eldest become one, with the streams between them. Who skips so often has no other claim.
    if (gap_count_ == kGaps) {
      gaps_[1].first = gaps_[0].first;
      std::move(gaps_.begin() + 1, gaps_.end(), gaps_.begin());
      --gap_count_;
    }
    gaps_[gap_count_++] = {.first = first, .last = below - 2};
  }
  bool was_skipped(StreamId id) const {
    return std::any_of(gaps_.begin(), gaps_.begin() + gap_count_,
                       [&](const Gap& gap) { return id >= gap.first && id <= gap.last; });
  }

  std::array<std::uint64_t, kRemembered / 32> words_{};
  std::array<Gap, kGaps> gaps_{};  // eldest first
  std::uint32_t gap_count_ = 0;
  StreamId highest_ = 0;
};

}  // namespace pintle::http2

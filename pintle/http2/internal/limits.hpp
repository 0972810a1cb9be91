// What a peer may make us do without doing anything useful itself: the counters behind the limits in Options. Every
// function that returns false says that the peer has gone too far; the connection then ends with ENHANCE_YOUR_CALM.
//
// All but one count what the peer sends, so they hold however the loop slices it; ControlQueue counts what it leaves
// unread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <pintle/base/clock.hpp>
#include <pintle/http2/options.hpp>

namespace pintle::http2 {

// So many at once, and so many a second in the long run.
class Bucket {
 public:
  Bucket(std::uint32_t burst, std::uint32_t per_second, TimePoint now)
      : burst_(burst), per_second_(per_second), left_(burst), refilled_(now) {}

  [[nodiscard]] bool take(TimePoint now);
  void give(std::uint64_t n) { left_ = std::min<std::uint64_t>(left_ + n, burst_); }

 private:
  std::uint32_t burst_, per_second_;
  std::uint64_t left_;
  TimePoint refilled_;
};

class Limits {
 public:
  Limits(const Options& options, TimePoint now)
      : options_(options),
        window_start_(now),
        provoked_(options.max_provoked_resets, options.provoked_reset_rate, now),
        glitches_left_(options.glitch_burst, options.glitch_rate, now) {}

  // -- Rapid reset (CVE-2023-44487): requests that the peer resets before they are answered, against all requests of
  //    the same stretch of time.
  void request(TimePoint now) {
    if (now - window_start_ >= options_.reset_window) {
      window_start_ = now;
      requests_ = unanswered_resets_ = 0;
    }
    ++requests_;
    reply_allowance_ += 2;
  }
  [[nodiscard]] bool unanswered_reset() {
    ++unanswered_resets_;
    return requests_ < options_.reset_check_after || unanswered_resets_ * 2 <= requests_;
  }

  // -- Resets that the peer's errors made us send (CVE-2025-8671). `streams` were opened so far: those that gave no
  //    cause make up for some that did, or the one bad client behind a proxy would end everybody's connection one day.
  [[nodiscard]] bool provoked_reset(TimePoint now, std::uint64_t streams);

  // -- Frames that are allowed but of no use.
  [[nodiscard]] bool glitch(TimePoint now) {
    ++glitches_;
    return glitches_left_.take(now);
  }
  // PRIORITY and frames of unknown type (PRIORITY_UPDATE of RFC 9218, and what will come after it): one for each of
  // the `streams` that were opened so far is free.
  [[nodiscard]] bool hint(TimePoint now, std::uint64_t streams);
  // A stream that we ended early: a few frames that were on their way are no fault of the peer's.
  void ended_early() {
    late_allowance_ += kLateFrames;
    if (late_allowance_ > options_.glitch_burst) late_allowance_ = options_.glitch_burst;
  }
  [[nodiscard]] bool late_frame(TimePoint now) { return take_late_allowance() || glitch(now); }
  // DATA that came late and within the window that the stream had: judged as if the stream were open still, and a few
  // frames that are too small to pay for themselves are forgiven, too.
  [[nodiscard]] bool late_data_frame(std::size_t payload, bool end_stream) {
    return (!end_stream && 2 * payload < kFrameCost && take_late_allowance()) || data_frame(payload, end_stream);
  }
  // Every DATA frame that was sent earns the peer WINDOW_UPDATEs, and PINGs, with which many measure the path; those
  // beyond are glitches.
  void sent_data_frame() { reply_allowance_ += kRepliesPerDataFrame; }
  [[nodiscard]] bool reply(TimePoint now) {
    if (reply_allowance_ == 0) return glitch(now);
    --reply_allowance_;
    return true;
  }

  // -- DATA frames that cost more than they bring (CVE-2019-9518). `payload` is without padding, which is not counted:
  //    it uses up windows as data does, costs us nothing but its reading, and a frame has 256 bytes of it at most.
  [[nodiscard]] bool data_frame(std::size_t payload, bool end_stream) {
    if (end_stream) return true;  // one a stream, which is bounded elsewhere
    if (payload >= kTinyData && overhead_ == 0) [[likely]] {
      empty_frames_ = 0;
      return true;
    }
    return small_data_frame(payload);
  }

  std::uint64_t glitches() const { return glitches_; }

 private:
  static constexpr std::uint32_t kLateFrames = 4;
  static constexpr std::uint64_t kRepliesPerDataFrame = 20;  // Envoy's figure for WINDOW_UPDATE
  static constexpr std::size_t kTinyData = 256;
  // A frame costs its header and earns twice its payload, so that the smallest gRPC message, five bytes, pays for it.
  static constexpr std::size_t kFrameCost = 9;

  bool take_late_allowance() {
    if (late_allowance_ == 0) return false;
    --late_allowance_;
    return true;
  }
  bool small_data_frame(std::size_t payload);

  const Options& options_;
  TimePoint window_start_;
  std::uint64_t requests_ = 0, unanswered_resets_ = 0;
  Bucket provoked_;
  std::uint64_t good_streams_ = 0;  // not yet made up for
  std::uint64_t streams_ = 0;       // when last asked
  Bucket glitches_left_;
  std::uint64_t glitches_ = 0;
  std::uint64_t hints_ = 0;
  std::uint32_t late_allowance_ = 0;
  std::uint64_t reply_allowance_ = 5;
  std::uint32_t empty_frames_ = 0;
  std::size_t overhead_ = 0;
};

// Control frames that wait in output() because the peer doesn't read (CVE-2019-9512, -9514, -9515). Positions are
// counted from the start of the connection. The frames are counted in two batches, each dropped when output has been
// sent past its end, so the figure may be too high by what of the elder batch is sent already, and never too low.
class ControlQueue {
 public:
  explicit ControlQueue(std::size_t limit) : limit_(limit) {}

  // One more, ending at `written`, while `sent` bytes have left. False when there are too many.
  [[nodiscard]] bool add(std::uint64_t written, std::uint64_t sent) {
    if (sent >= elder_end_) {
      elder_ = younger_;
      younger_ = 0;
      elder_end_ = younger_end_;
      if (sent >= elder_end_) elder_ = 0;
    }
    ++younger_;
    younger_end_ = written;
    return elder_ + younger_ <= limit_;
  }

 private:
  std::size_t limit_;
  std::size_t elder_ = 0, younger_ = 0;
  std::uint64_t elder_end_ = 0, younger_end_ = 0;
};

// Whether the peer takes what it is sent, judged by its progress and not by how much waits at one moment: a peer that
// reads slowly is no fault, one that has more and more prepared and takes nothing of it is.
class UnreadOutput {
 public:
  explicit UnreadOutput(std::size_t cap) : most_(cap + kMost) {}

  // Asked when more waits than the cap: `written` bytes ever went into output, `waiting` of them have not left. False
  // when the peer has gone too far.
  [[nodiscard]] bool allows(std::uint64_t written, std::size_t waiting) {
    if (waiting > most_) return false;
    if (const std::uint64_t taken = written - waiting; taken != taken_) {
      taken_ = taken;
      written_then_ = written;
    }
    return written - written_then_ <= kWithoutProgress;
  }

 private:
  static constexpr std::size_t kWithoutProgress = 2 * 1024 * 1024;
  static constexpr std::size_t kMost = 8 * 1024 * 1024;  // or taking a byte now and then would allow any amount

  std::size_t most_;
  std::uint64_t taken_ = 0;         // bytes that had left when it was last asked
  std::uint64_t written_then_ = 0;  // and the bytes that were written when that figure last rose
};

}  // namespace pintle::http2

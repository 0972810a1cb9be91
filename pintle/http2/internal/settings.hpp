// SETTINGS of both sides (RFC 9113 section 6.5).
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <span>

#include <pintle/base/clock.hpp>
#include <pintle/http2/error.hpp>
#include <pintle/http2/frame/payload.hpp>
#include <pintle/http2/options.hpp>

namespace pintle::http2 {

// Why a frame ends the connection.
struct Fault {
  ErrorCode code;
  std::string_view reason;
};

// The longest frame that we send, however long the peer takes them: one more must not be what makes output() large.
inline constexpr std::uint32_t kMaxSentFrame = 65'536;

// The peer's settings as they stand.
struct PeerSettings {
  std::uint32_t header_table_size = kDefaultTableSize;
  std::uint32_t max_concurrent_streams = UINT32_MAX;
  std::uint32_t initial_window = kDefaultWindow;
  std::uint32_t max_frame_size = kMinMaxFrameSize;  // kMaxSentFrame at most
  std::uint32_t max_header_list = UINT32_MAX;

  // Takes the entries of one SETTINGS frame in their order; unknown ones are ignored. `self` is who receives them.
  // REQUIRES: a payload whose size is a multiple of six.
  std::expected<void, Fault> apply(std::span<const std::byte> payload, Role self);
};

// What this side announced, and whether the peer has said that it knows.
class LocalSettings {
 public:
  explicit LocalSettings(const Options& options) : options_(options) {}

  // Appends the SETTINGS frame; the peer must acknowledge it within options.settings_ack_timeout.
  void announce(Role role, Buffer& out, TimePoint now);
  // False when nothing was to be acknowledged.
  bool acknowledged();
  bool is_acknowledged() const { return acknowledged_; }
  TimePoint ack_deadline() const { return ack_deadline_; }  // TimePoint::max() when none is awaited

  // The limits that the peer must keep: before it has acknowledged a smaller one, the protocol's own default.
  std::uint32_t stream_window() const {
    return acknowledged_ || options_.initial_stream_window > kDefaultWindow ? options_.initial_stream_window
                                                                            : kDefaultWindow;
  }
  std::uint32_t table_size() const {
    return acknowledged_ || options_.header_table_size > kDefaultTableSize ? options_.header_table_size
                                                                           : kDefaultTableSize;
  }

 private:
  const Options& options_;
  bool acknowledged_ = false;
  TimePoint ack_deadline_ = TimePoint::max();
};

}  // namespace pintle::http2

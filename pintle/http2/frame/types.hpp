// The names and numbers of HTTP/2 frames (RFC 9113 sections 4 and 6), and the nine bytes before each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <pintle/http2/frame/bytes.hpp>

namespace pintle::http2 {

enum class FrameType : std::uint8_t {
  data = 0x0,
  headers = 0x1,
  priority = 0x2,
  rst_stream = 0x3,
  settings = 0x4,
  push_promise = 0x5,
  ping = 0x6,
  goaway = 0x7,
  window_update = 0x8,
  continuation = 0x9,
};

inline constexpr std::uint8_t kEndStream = 0x1;   // DATA, HEADERS
inline constexpr std::uint8_t kAck = 0x1;         // SETTINGS, PING
inline constexpr std::uint8_t kEndHeaders = 0x4;  // HEADERS, CONTINUATION
inline constexpr std::uint8_t kPadded = 0x8;      // DATA, HEADERS
inline constexpr std::uint8_t kPriority = 0x20;   // HEADERS

enum class SettingId : std::uint16_t {
  header_table_size = 0x1,
  enable_push = 0x2,
  max_concurrent_streams = 0x3,
  initial_window_size = 0x4,
  max_frame_size = 0x5,
  max_header_list_size = 0x6,
};

inline constexpr std::size_t kFrameHeaderSize = 9;
inline constexpr std::uint32_t kMaxStreamId = 0x7fff'ffff;
inline constexpr std::uint32_t kMaxWindow = 0x7fff'ffff;       // section 6.9.1
inline constexpr std::uint32_t kDefaultWindow = 65'535;        // section 6.9.2
inline constexpr std::uint32_t kDefaultTableSize = 4'096;      // section 6.5.2
inline constexpr std::uint32_t kMinMaxFrameSize = 16'384;      // section 6.5.2
inline constexpr std::uint32_t kMaxMaxFrameSize = 16'777'215;  // section 6.5.2
inline constexpr std::uint32_t kMaxFrameLength = (1u << 24) - 1;
inline constexpr std::string_view kClientPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";  // section 3.4

struct FrameHeader {
  std::uint32_t length = 0;  // of the payload
  FrameType type = FrameType::data;
  std::uint8_t flags = 0;
  std::uint32_t stream = 0;  // the reserved bit is dropped, as section 4.1 asks

  bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
};

// REQUIRES: kFrameHeaderSize bytes at `p`.
inline FrameHeader load_frame_header(const std::byte* p) {
  const std::uint32_t first = load32(p);
  return {.length = first >> 8,
          .type = static_cast<FrameType>(first & 0xff),
          .flags = static_cast<std::uint8_t>(p[4]),
          .stream = load32(p + 5) & kMaxStreamId};
}
inline void store_frame_header(std::byte* p, const FrameHeader& h) {
  store32(p, h.length << 8 | static_cast<std::uint32_t>(h.type));
  p[4] = static_cast<std::byte>(h.flags);
  store32(p + 5, h.stream);
}

}  // namespace pintle::http2

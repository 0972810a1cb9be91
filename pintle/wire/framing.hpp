// The five bytes before every gRPC message (grpc/doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message"): one flag byte (1
// when the message is compressed) and the length, big-endian. Messages and DATA frames know nothing of each other's
// borders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pintle::wire {

inline constexpr std::size_t kPrefixSize = 5;

struct Prefix {
  bool compressed = false;
  std::uint32_t length = 0;  // of the message, without the prefix
};

// Writes kPrefixSize bytes to `to`.
inline void write_prefix(std::byte* to, bool compressed, std::uint32_t length) noexcept {
  to[0] = static_cast<std::byte>(compressed ? 1 : 0);
  to[1] = static_cast<std::byte>(length >> 24);
  to[2] = static_cast<std::byte>(length >> 16);
  to[3] = static_cast<std::byte>(length >> 8);
  to[4] = static_cast<std::byte>(length);
}

enum class Frame : std::uint8_t {
  need_more,  // the message isn't all there: read on until `needed` bytes are
  message,    // here it is; consume `needed` bytes, then ask again
  bad_flag,   // the first byte is neither 0 nor 1: the stream can't be understood any more (INTERNAL)
  too_large,  // its length, `prefix.length`, is above the limit (RESOURCE_EXHAUSTED); told before the body has come
};

struct FrameStep {
  Frame kind = Frame::need_more;
  Prefix prefix;                       // for message and too_large, and for need_more once five bytes are there
  std::size_t needed = kPrefixSize;    // how many bytes from the start of `unread` this message takes, prefix included
  std::span<const std::byte> message;  // for Frame::message: its bytes, inside `unread`
};

// What lies at the start of the bytes that came and were not consumed. `limit` is the largest length of a message as it
// travels; 0 lets only empty messages through. Pure: no state is kept, so a caller that waits for `needed` bytes before
// it asks again does linear work even when the peer sends single bytes.
inline FrameStep next_message(std::span<const std::byte> unread, std::size_t limit) noexcept {
  FrameStep step;
  if (unread.empty()) return step;
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(unread[i]); };
  if (byte(0) > 1) {
    step.kind = Frame::bad_flag;
    return step;
  }
  if (unread.size() < kPrefixSize) return step;
  step.prefix = {byte(0) == 1, byte(1) << 24 | byte(2) << 16 | byte(3) << 8 | byte(4)};
  step.needed = kPrefixSize + std::size_t{step.prefix.length};
  if (step.prefix.length > limit) {
    step.kind = Frame::too_large;
  } else if (unread.size() >= step.needed) {
    step.kind = Frame::message;
    step.message = unread.subspan(kPrefixSize, step.prefix.length);
  }
  return step;
}

}  // namespace pintle::wire

// What the payloads of received frames say, read in place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include <pintle/http2/error.hpp>
#include <pintle/http2/frame/types.hpp>
#include <pintle/http2/frame/write.hpp>

namespace pintle::http2 {

// The outer parts of a HEADERS payload (RFC 9113 section 6.2) taken off.
struct HeadersPayload {
  std::span<const std::byte> fragment;
  std::uint32_t depends_on = 0;  // RFC 7540 priority; 0 when there is none
};

// Errors: frame_size_error when the payload is too short for what its flags promise, protocol_error when the padding is
// longer than what is left.
std::expected<HeadersPayload, ErrorCode> parse_headers(const FrameHeader& header, std::span<const std::byte> payload);

// REQUIRES: payload.size() is at least 6 * (index + 1).
inline Setting setting_at(std::span<const std::byte> payload, std::size_t index) {
  const std::byte* p = payload.data() + index * 6;
  return {.id = static_cast<SettingId>(load16(p)), .value = load32(p + 2)};
}

struct GoawayPayload {
  std::uint32_t last_stream = 0;
  ErrorCode code = ErrorCode::no_error;
  std::string_view debug;
};
// REQUIRES: at least 8 bytes.
GoawayPayload parse_goaway(std::span<const std::byte> payload);

}  // namespace pintle::http2

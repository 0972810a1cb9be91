#include <pintle/http2/frame/payload.hpp>

namespace pintle::http2 {

std::expected<HeadersPayload, ErrorCode> parse_headers(const FrameHeader& header, std::span<const std::byte> payload) {
  HeadersPayload out;
  std::size_t padding = 0;
  if (header.has(kPadded)) {
    if (payload.empty()) return std::unexpected(ErrorCode::frame_size_error);
    padding = static_cast<std::size_t>(payload[0]);
    payload = payload.subspan(1);
  }
  if (header.has(kPriority)) {
    if (payload.size() < 5) return std::unexpected(ErrorCode::frame_size_error);
    out.depends_on = load32(payload.data()) & kMaxStreamId;
    payload = payload.subspan(5);
  }
  if (padding > payload.size()) return std::unexpected(ErrorCode::protocol_error);
  out.fragment = payload.first(payload.size() - padding);
  return out;
}

GoawayPayload parse_goaway(std::span<const std::byte> payload) {
  return {.last_stream = load32(payload.data()) & kMaxStreamId,
          .code = static_cast<ErrorCode>(load32(payload.data() + 4)),
          .debug = {reinterpret_cast<const char*>(payload.data()) + 8, payload.size() - 8}};
}

}  // namespace pintle::http2

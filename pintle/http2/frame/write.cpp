#include <pintle/http2/frame/write.hpp>

namespace pintle::http2 {
namespace {

std::byte* append_frame(Buffer& out, const FrameHeader& header) {
  std::byte* p = out.extend(kFrameHeaderSize + header.length);
  store_frame_header(p, header);
  return p + kFrameHeaderSize;
}

}  // namespace

void append_settings(Buffer& out, std::span<const Setting> settings) {
  std::byte* p =
      append_frame(out, {.length = static_cast<std::uint32_t>(settings.size() * 6), .type = FrameType::settings});
  for (const Setting& setting : settings) {
    store16(p, static_cast<std::uint16_t>(setting.id));
    store32(p + 2, setting.value);
    p += 6;
  }
}

void append_settings_ack(Buffer& out) { append_frame(out, {.type = FrameType::settings, .flags = kAck}); }

void append_ping(Buffer& out, std::uint64_t tag, bool ack) {
  store64(append_frame(out, {.length = 8, .type = FrameType::ping, .flags = ack ? kAck : std::uint8_t{0}}), tag);
}

void append_rst_stream(Buffer& out, std::uint32_t stream, ErrorCode code) {
  store32(append_frame(out, {.length = 4, .type = FrameType::rst_stream, .stream = stream}),
          static_cast<std::uint32_t>(code));
}

void append_window_update(Buffer& out, std::uint32_t stream, std::uint32_t increment) {
  store32(append_frame(out, {.length = 4, .type = FrameType::window_update, .stream = stream}), increment);
}

void append_goaway(Buffer& out, std::uint32_t last_stream, ErrorCode code, std::string_view debug) {
  debug = debug.substr(0, 1024);
  std::byte* p = append_frame(out, {.length = static_cast<std::uint32_t>(8 + debug.size()), .type = FrameType::goaway});
  store32(p, last_stream);
  store32(p + 4, static_cast<std::uint32_t>(code));
  if (!debug.empty()) std::memcpy(p + 8, debug.data(), debug.size());
}

}  // namespace pintle::http2

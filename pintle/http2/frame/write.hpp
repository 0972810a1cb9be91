// Whole frames without a header block or data, appended to a buffer.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include <pintle/base/buffer.hpp>
#include <pintle/http2/error.hpp>
#include <pintle/http2/frame/types.hpp>

namespace pintle::http2 {

struct Setting {
  SettingId id{};
  std::uint32_t value = 0;
};

inline constexpr std::size_t kRstStreamSize = kFrameHeaderSize + 4;

void append_settings(Buffer& out, std::span<const Setting> settings);
void append_settings_ack(Buffer& out);
void append_ping(Buffer& out, std::uint64_t tag, bool ack);
void append_rst_stream(Buffer& out, std::uint32_t stream, ErrorCode code);
void append_window_update(Buffer& out, std::uint32_t stream, std::uint32_t increment);
// `debug` is cut at 1 KiB: it is for people.
void append_goaway(Buffer& out, std::uint32_t last_stream, ErrorCode code, std::string_view debug);

}  // namespace pintle::http2

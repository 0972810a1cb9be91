#include <pintle/http2/internal/settings.hpp>

#include <algorithm>

namespace pintle::http2 {

std::expected<void, Fault> PeerSettings::apply(std::span<const std::byte> payload, Role self) {
  for (std::size_t i = 0; i * 6 < payload.size(); ++i) {
    const auto [id, value] = setting_at(payload, i);
    switch (id) {
      case SettingId::header_table_size:
        header_table_size = value;
        break;
      case SettingId::enable_push:
        if (value > 1 || (value == 1 && self == Role::client)) {
          return std::unexpected(Fault{ErrorCode::protocol_error, "bad ENABLE_PUSH"});
        }
        break;
      case SettingId::max_concurrent_streams:
        max_concurrent_streams = value;
        break;
      case SettingId::initial_window_size:
        if (value > kMaxWindow) return std::unexpected(Fault{ErrorCode::flow_control_error, "bad INITIAL_WINDOW_SIZE"});
        initial_window = value;
        break;
      case SettingId::max_frame_size:
        if (value < kMinMaxFrameSize || value > kMaxMaxFrameSize) {
          return std::unexpected(Fault{ErrorCode::protocol_error, "bad MAX_FRAME_SIZE"});
        }
        max_frame_size = std::min(value, kMaxSentFrame);
        break;
      case SettingId::max_header_list_size:
        max_header_list = value;
        break;
    }
  }
  return {};
}

void LocalSettings::announce(Role role, Buffer& out, TimePoint now) {
  std::array<Setting, 6> entries;
  std::size_t n = 0;
  const auto add = [&](SettingId id, std::uint32_t value) { entries[n++] = {id, value}; };
  if (options_.header_table_size != kDefaultTableSize) add(SettingId::header_table_size, options_.header_table_size);
  if (role == Role::client) add(SettingId::enable_push, 0);
  if (role == Role::server) add(SettingId::max_concurrent_streams, options_.max_concurrent_streams);
  if (options_.initial_stream_window != kDefaultWindow) {
    add(SettingId::initial_window_size, options_.initial_stream_window);
  }
  if (options_.max_frame_size != kMinMaxFrameSize) add(SettingId::max_frame_size, options_.max_frame_size);
  if (options_.advertised_header_list != UINT32_MAX) {
    add(SettingId::max_header_list_size, options_.advertised_header_list);
  }
  append_settings(out, std::span(entries).first(n));
  ack_deadline_ = now + options_.settings_ack_timeout;
}

bool LocalSettings::acknowledged() {
  if (acknowledged_) return false;
  acknowledged_ = true;
  ack_deadline_ = TimePoint::max();
  return true;
}

}  // namespace pintle::http2

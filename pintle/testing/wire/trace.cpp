#include <pintle/testing/wire/trace.hpp>

#include <iterator>

#include <fmt/format.h>

#include <pintle/http2/error.hpp>
#include <pintle/http2/frame/payload.hpp>
#include <pintle/testing/wire/frames.hpp>

namespace pintle::testing::wire {

using http2::FrameHeader;
using http2::FrameType;

namespace {

std::string error_text(std::string_view payload, std::size_t at) {
  const std::uint32_t code = http2::load32(as_bytes(payload).data() + at);
  const std::string_view name = http2::error_name(static_cast<http2::ErrorCode>(code));
  return name == "UNKNOWN" ? fmt::format("{:#x}", code) : std::string(name);
}

std::string setting_text(const http2::Setting& setting) {
  using http2::SettingId;
  const auto name = [&]() -> std::string {
    switch (setting.id) {
      case SettingId::header_table_size:
        return "HEADER_TABLE_SIZE";
      case SettingId::enable_push:
        return "ENABLE_PUSH";
      case SettingId::max_concurrent_streams:
        return "MAX_CONCURRENT_STREAMS";
      case SettingId::initial_window_size:
        return "INITIAL_WINDOW_SIZE";
      case SettingId::max_frame_size:
        return "MAX_FRAME_SIZE";
      case SettingId::max_header_list_size:
        return "MAX_HEADER_LIST_SIZE";
    }
    return fmt::format("{:#x}", static_cast<unsigned>(setting.id));
  };
  return fmt::format("{}={}", name(), setting.value);
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c >= 0x20 && c < 0x7f) {
      out.push_back(c);
    } else {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out + '"';
}

bool well_sized(const FrameHeader& header) {
  switch (header.type) {
    case FrameType::rst_stream:
    case FrameType::window_update:
      return header.length == 4;
    case FrameType::ping:
      return header.length == 8;
    case FrameType::goaway:
      return header.length >= 8;
    case FrameType::settings:
      return header.length % 6 == 0;
    default:
      return true;
  }
}

}  // namespace

std::string frame_name(FrameType type) {
  switch (type) {
    case FrameType::data:
      return "DATA";
    case FrameType::headers:
      return "HEADERS";
    case FrameType::priority:
      return "PRIORITY";
    case FrameType::rst_stream:
      return "RST_STREAM";
    case FrameType::settings:
      return "SETTINGS";
    case FrameType::push_promise:
      return "PUSH_PROMISE";
    case FrameType::ping:
      return "PING";
    case FrameType::goaway:
      return "GOAWAY";
    case FrameType::window_update:
      return "WINDOW_UPDATE";
    case FrameType::continuation:
      return "CONTINUATION";
  }
  return fmt::format("{:#x}", static_cast<unsigned>(type));
}

std::vector<std::string> Trace::read(std::span<const std::byte> bytes) {
  pending_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::vector<std::string> lines;
  if (pending_.starts_with(http2::kClientPreface)) {
    pending_.erase(0, http2::kClientPreface.size());
    lines.emplace_back("PREFACE");
  }
  while (pending_.size() >= http2::kFrameHeaderSize) {
    const FrameHeader header = http2::load_frame_header(as_bytes(pending_).data());
    const std::size_t size = http2::kFrameHeaderSize + header.length;
    if (pending_.size() < size) break;
    lines.push_back(line(header, std::string_view(pending_).substr(http2::kFrameHeaderSize, header.length)));
    pending_.erase(0, size);
  }
  return lines;
}

std::string Trace::line(const FrameHeader& header, std::string_view payload) {
  std::string out = frame_name(header.type);
  const auto add = [&](std::string_view word) { out.append(" ").append(word); };
  const bool on_stream = header.stream != 0 || header.type == FrameType::window_update;
  if (on_stream) add(std::to_string(header.stream));
  if (!well_sized(header)) return out + fmt::format(" malformed, {} bytes", header.length);
  switch (header.type) {
    case FrameType::headers:
    case FrameType::continuation: {
      if (header.has(http2::kEndHeaders)) add("END_HEADERS");
      if (header.type == FrameType::headers && header.has(http2::kEndStream)) add("END_STREAM");
      const auto parsed = http2::parse_headers(header, as_bytes(payload));
      if (!parsed) return out + " malformed";
      block_.append(reinterpret_cast<const char*>(parsed->fragment.data()), parsed->fragment.size());
      if (header.has(http2::kEndHeaders)) {
        out += fields(block_);
        block_.clear();
      }
      break;
    }
    case FrameType::data:
      if (header.has(http2::kEndStream)) add("END_STREAM");
      add(payload.size() <= 40 ? quoted(payload) : fmt::format("{} bytes", payload.size()));
      break;
    case FrameType::rst_stream:
      add(error_text(payload, 0));
      break;
    case FrameType::goaway: {
      const auto said = http2::parse_goaway(as_bytes(payload));
      add(std::to_string(said.last_stream));
      add(error_text(payload, 4));
      if (!said.debug.empty()) add(quoted(said.debug));
      break;
    }
    case FrameType::settings:
      if (header.has(http2::kAck)) add("ACK");
      for (std::size_t i = 0; i * 6 < payload.size(); ++i) add(setting_text(http2::setting_at(as_bytes(payload), i)));
      break;
    case FrameType::ping:
      if (header.has(http2::kAck)) add("ACK");
      add(std::to_string(http2::load64(as_bytes(payload).data())));
      break;
    case FrameType::window_update:
      add(fmt::format("+{}", http2::load32(as_bytes(payload).data())));
      break;
    default:
      add(fmt::format("{} bytes", payload.size()));
      break;
  }
  return out;
}

std::string Trace::fields(std::string_view block) {
  http2::HeaderList list;
  const auto outcome = decoder_.decode(as_bytes(block), {.list_size = 1 << 24, .fields = 100'000}, list);
  if (outcome != http2::DecodeOutcome::ok) return " undecodable";
  std::string out;
  for (const auto& field : list) out += fmt::format(" {}={}", field.name, field.value);
  return out;
}

}  // namespace pintle::testing::wire

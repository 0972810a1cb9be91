#include <pintle/testing/wire/frames.hpp>

namespace pintle::testing::wire {

using http2::FrameType;

namespace {

std::string number(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  return out;
}

// An HPACK string length, seven-bit prefix (RFC 7541 section 5.1), no Huffman coding.
std::string hpack_string(std::string_view text) {
  std::string out;
  std::size_t length = text.size();
  if (length < 127) {
    out.push_back(static_cast<char>(length));
  } else {
    out.push_back(127);
    length -= 127;
    for (; length >= 128; length /= 128) out.push_back(static_cast<char>(0x80 | length % 128));
    out.push_back(static_cast<char>(length));
  }
  return out.append(text);
}

}  // namespace

Frame& Frame::no_end_headers() {
  flags_ &= static_cast<std::uint8_t>(~http2::kEndHeaders);
  return *this;
}

Frame& Frame::padded(std::uint8_t length) {
  payload_.insert(payload_.begin(), static_cast<char>(length));
  payload_.append(length, '\0');
  return set(http2::kPadded);
}

Frame& Frame::priority(std::uint32_t depends_on, std::uint8_t weight) {
  payload_.insert(0, number(depends_on, 4) + number(weight, 1));
  return set(http2::kPriority);
}

std::string Frame::bytes() const {
  std::string out(http2::kFrameHeaderSize, '\0');
  http2::store_frame_header(
      reinterpret_cast<std::byte*>(out.data()),
      {.length = static_cast<std::uint32_t>(payload_.size()), .type = type_, .flags = flags_, .stream = stream_});
  return out + payload_;
}

std::string operator+(const Frame& a, const Frame& b) { return a.bytes() + b.bytes(); }
std::string operator+(std::string a, const Frame& b) { return std::move(a) + b.bytes(); }
std::string operator+(const Frame& a, const std::string& b) { return a.bytes() + b; }

std::string preface() { return std::string(http2::kClientPreface); }

Frame headers(std::uint32_t stream, const Fields& fields) { return headers_raw(stream, block(fields)); }
Frame headers_raw(std::uint32_t stream, std::string block) {
  return {FrameType::headers, stream, std::move(block), http2::kEndHeaders};
}
Frame continuation(std::uint32_t stream, std::string block) {
  return {FrameType::continuation, stream, std::move(block), http2::kEndHeaders};
}
Frame data(std::uint32_t stream, std::string payload) { return {FrameType::data, stream, std::move(payload)}; }
Frame settings(const std::vector<std::pair<http2::SettingId, std::uint32_t>>& entries) {
  std::string payload;
  for (const auto& [id, value] : entries) payload += number(static_cast<std::uint64_t>(id), 2) + number(value, 4);
  return {FrameType::settings, 0, std::move(payload)};
}
Frame settings_ack() { return settings().ack(); }
Frame ping(std::uint64_t tag) { return {FrameType::ping, 0, number(tag, 8)}; }
Frame rst(std::uint32_t stream, http2::ErrorCode code) {
  return {FrameType::rst_stream, stream, number(static_cast<std::uint64_t>(code), 4)};
}
Frame goaway(std::uint32_t last_stream, http2::ErrorCode code, std::string debug) {
  return {FrameType::goaway, 0, number(last_stream, 4) + number(static_cast<std::uint64_t>(code), 4) + debug};
}
Frame window_update(std::uint32_t stream, std::uint32_t increment) {
  return {FrameType::window_update, stream, number(increment, 4)};
}
Frame priority(std::uint32_t stream, std::uint32_t depends_on, std::uint8_t weight) {
  return {FrameType::priority, stream, number(depends_on, 4) + number(weight, 1)};
}
Frame raw(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string payload) {
  return {static_cast<FrameType>(type), stream, std::move(payload), flags};
}

std::string block(const Fields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    out.push_back('\0');  // literal without indexing, new name (RFC 7541 section 6.2.2)
    out += hpack_string(name);
    out += hpack_string(value);
  }
  return out;
}

Fields request(std::string path, const Fields& more) {
  Fields out = {{":method", "POST"}, {":scheme", "http"}, {":path", std::move(path)}, {":authority", "test"}};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

Fields response(std::string status, const Fields& more) {
  Fields out = {{":status", std::move(status)}};
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

}  // namespace pintle::testing::wire

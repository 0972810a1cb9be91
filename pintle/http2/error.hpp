// HTTP/2 error codes (RFC 9113 section 7) and who is to blame.
#pragma once

#include <cstdint>
#include <string_view>

namespace pintle::http2 {

enum class ErrorCode : std::uint32_t {
  no_error = 0x0,
  protocol_error = 0x1,
  internal_error = 0x2,
  flow_control_error = 0x3,
  settings_timeout = 0x4,
  stream_closed = 0x5,
  frame_size_error = 0x6,
  refused_stream = 0x7,
  cancel = 0x8,
  compression_error = 0x9,
  connect_error = 0xa,
  enhance_your_calm = 0xb,
  inadequate_security = 0xc,
  http_1_1_required = 0xd,
};

// "PROTOCOL_ERROR", ...; "UNKNOWN" for a number that RFC 9113 does not name.
std::string_view error_name(ErrorCode code);

enum class Initiator : std::uint8_t {
  user,     // the room above asked for it
  library,  // the engine's own rules
  peer,     // a frame said so
  goaway,   // the peer's GOAWAY left the stream out: it was not processed, and may be tried elsewhere
};

}  // namespace pintle::http2

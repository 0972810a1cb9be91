// Reads what an HTTP/2 endpoint sent, a line per frame.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/http2/frame/types.hpp>
#include <pintle/http2/hpack/decoder.hpp>

namespace pintle::testing::wire {

// One per direction of a connection: header blocks are decoded, so it must see all of it, in order. The lines:
//
//   PREFACE
//   SETTINGS MAX_CONCURRENT_STREAMS=100 | SETTINGS ACK
//   HEADERS 1 END_HEADERS END_STREAM :status=200 grpc-status=0
//   DATA 1 END_STREAM "text" | DATA 1 4096 bytes            (the bytes when they are at most 40)
//   (a frame too short or too long for its type: "PING malformed, 7 bytes")
//   RST_STREAM 1 CANCEL | GOAWAY 3 NO_ERROR "debug" | PING 7 | PING ACK 7 | WINDOW_UPDATE 0 +100
class Trace {
 public:
  // The lines of all frames that are complete; the rest is kept for the next call.
  std::vector<std::string> read(std::span<const std::byte> bytes);
  // Bytes of an unfinished frame.
  std::size_t left_over() const { return pending_.size(); }

 private:
  std::string line(const http2::FrameHeader& header, std::string_view payload);
  std::string fields(std::string_view block);

  std::string pending_;
  std::string block_;
  http2::HpackDecoder decoder_;
};

// "RST_STREAM", ...; "0x42" for types without a name.
std::string frame_name(http2::FrameType type);

}  // namespace pintle::testing::wire

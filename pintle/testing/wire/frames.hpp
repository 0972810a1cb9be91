// Builders of HTTP/2 frames for tests, right ones and wrong ones, so that a test of a peer reads like a trace:
//
//   preface() + settings() + headers(1, request("/a")).end_stream()
//
// They share no code with the engine but the layout of frames. Header blocks are plain literals without Huffman coding
// and touch no table, so a block means the same at any place of a connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pintle/http2/error.hpp>
#include <pintle/http2/frame/types.hpp>

namespace pintle::testing::wire {

using Fields = std::vector<std::pair<std::string, std::string>>;

// One frame; a value. The setters return the frame, so they chain.
class Frame {
 public:
  Frame(http2::FrameType type, std::uint32_t stream, std::string payload, std::uint8_t flags = 0)
      : type_(type), flags_(flags), stream_(stream), payload_(std::move(payload)) {}

  Frame& end_stream() { return set(http2::kEndStream); }
  Frame& ack() { return set(http2::kAck); }
  // HEADERS and CONTINUATION end their block unless told otherwise.
  Frame& no_end_headers();
  // Pads with `length` zero bytes (and the byte that says so).
  Frame& padded(std::uint8_t length);
  // RFC 7540's priority in a HEADERS frame. Call before padded().
  Frame& priority(std::uint32_t depends_on, std::uint8_t weight = 15);
  // Sets bits whatever they mean.
  Frame& set(std::uint8_t flags) {
    flags_ |= flags;
    return *this;
  }

  std::string bytes() const;
  operator std::string() const { return bytes(); }  // NOLINT(google-explicit-constructor): reads like a trace

 private:
  http2::FrameType type_;
  std::uint8_t flags_;
  std::uint32_t stream_;
  std::string payload_;
};

std::string operator+(const Frame& a, const Frame& b);
std::string operator+(std::string a, const Frame& b);
std::string operator+(const Frame& a, const std::string& b);

std::string preface();

Frame headers(std::uint32_t stream, const Fields& fields);
// HEADERS with a block given as bytes.
Frame headers_raw(std::uint32_t stream, std::string block);
Frame continuation(std::uint32_t stream, std::string block);
Frame data(std::uint32_t stream, std::string payload);
Frame settings(const std::vector<std::pair<http2::SettingId, std::uint32_t>>& entries = {});
Frame settings_ack();
Frame ping(std::uint64_t tag);
Frame rst(std::uint32_t stream, http2::ErrorCode code);
Frame goaway(std::uint32_t last_stream, http2::ErrorCode code, std::string debug = {});
Frame window_update(std::uint32_t stream, std::uint32_t increment);
Frame priority(std::uint32_t stream, std::uint32_t depends_on, std::uint8_t weight = 15);
// Any frame, known or not.
Frame raw(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string payload);

// A header block of literals.
std::string block(const Fields& fields);
// The fields of a gRPC-like request and response; `more` follows them.
Fields request(std::string path = "/s/m", const Fields& more = {});
Fields response(std::string status = "200", const Fields& more = {});

inline std::span<const std::byte> as_bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace pintle::testing::wire

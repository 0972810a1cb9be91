#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pintle::bench {

// RFC 9113, section 4.1 and 6, as far as a client of ours meets it.
constexpr std::size_t kFrameHeaderBytes = 9;

enum class FrameType : std::uint8_t {
  data = 0,
  headers = 1,
  rst_stream = 3,
  settings = 4,
  push_promise = 5,
  ping = 6,
  goaway = 7,
  window_update = 8,
  continuation = 9
};

constexpr std::uint8_t kAck = 0x1;
constexpr std::uint8_t kEndStream = 0x1;
constexpr std::uint8_t kEndHeaders = 0x4;
constexpr std::uint8_t kPadded = 0x8;
constexpr std::uint8_t kPriority = 0x20;

struct FrameHead {
  std::uint32_t size;
  FrameType type;
  std::uint8_t flags;
  std::uint32_t stream;
};

inline std::uint32_t read_u32(const std::uint8_t* at) {
  return (std::uint32_t{at[0]} << 24) | (std::uint32_t{at[1]} << 16) | (std::uint32_t{at[2]} << 8) | at[3];
}

inline FrameHead read_head(const std::uint8_t* at) {
  return {read_u32(at) >> 8, static_cast<FrameType>(at[3]), at[4], read_u32(at + 5) & 0x7fffffff};
}

inline void put_u32(std::vector<char>& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

inline void put_head(std::vector<char>& out, std::size_t size, FrameType type, std::uint8_t flags,
                     std::uint32_t stream) {
  const std::size_t at = out.size();
  out.resize(at + kFrameHeaderBytes);
  char* to = out.data() + at;
  to[0] = static_cast<char>(size >> 16);
  to[1] = static_cast<char>(size >> 8);
  to[2] = static_cast<char>(size);
  to[3] = static_cast<char>(type);
  to[4] = static_cast<char>(flags);
  to[5] = static_cast<char>(stream >> 24);
  to[6] = static_cast<char>(stream >> 16);
  to[7] = static_cast<char>(stream >> 8);
  to[8] = static_cast<char>(stream);
}

inline void put_bytes(std::vector<char>& out, std::string_view bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace pintle::bench

// Addresses of callers: "10.0.0.0/8", "192.168.1.7", "::1", "fd00::/8", "unix".
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pintle::authz {

class PeerRange {
 public:
  // Nothing for a text that is none, and for one whose host bits are set ("10.0.0.1/8").
  static std::optional<PeerRange> of(std::string_view text);
  // `peer` as Call::peer() has it: "ipv4:127.0.0.1:41234". An IPv4 address that came over IPv6 is an IPv4 address.
  bool holds(std::string_view peer) const;
  const std::string& to_string() const { return text_; }

 private:
  PeerRange() = default;
  std::string text_;
  bool unix_ = false;
  int size_ = 0;  // bytes of an address
  int bits_ = 0;
  std::array<std::uint8_t, 16> address_{};
};

}  // namespace pintle::authz

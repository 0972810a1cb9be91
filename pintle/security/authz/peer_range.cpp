#include <pintle/security/authz/peer_range.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>

namespace pintle::authz {

namespace {

struct Address {
  int size = 0;
  std::array<std::uint8_t, 16> bytes{};
};

std::optional<Address> address_of(std::string_view text) {
  const std::string zero_ended(text);
  Address address;
  if (inet_pton(AF_INET, zero_ended.c_str(), address.bytes.data()) == 1) {
    address.size = 4;
    return address;
  }
  if (inet_pton(AF_INET6, zero_ended.c_str(), address.bytes.data()) != 1) return std::nullopt;
  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  address.size = 16;
  if (std::equal(kMapped.begin(), kMapped.end(), address.bytes.begin())) {
    std::copy(address.bytes.begin() + 12, address.bytes.end(), address.bytes.begin());
    address.size = 4;
  }
  return address;
}

// Of "ipv4:127.0.0.1:41234" and "ipv6:[::1]:41234".
std::optional<Address> address_of_peer(std::string_view peer) {
  if (peer.starts_with("ipv4:")) {
    peer.remove_prefix(5);
    return address_of(peer.substr(0, peer.rfind(':')));
  }
  if (!peer.starts_with("ipv6:[")) return std::nullopt;
  peer.remove_prefix(6);
  const std::string_view host = peer.substr(0, peer.find(']'));
  return address_of(host.substr(0, host.find('%')));
}

bool same_bits(const std::array<std::uint8_t, 16>& a, const std::array<std::uint8_t, 16>& b, int bits) {
  const int whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  const int rest = bits % 8;
  return rest == 0 || (a[static_cast<std::size_t>(whole)] ^ b[static_cast<std::size_t>(whole)]) >> (8 - rest) == 0;
}

}  // namespace

std::optional<PeerRange> PeerRange::of(std::string_view text) {
  PeerRange range;
  range.text_ = text;
  range.unix_ = text == "unix";
  if (range.unix_) return range;
  const std::size_t slash = text.find('/');
  const auto address = address_of(text.substr(0, slash));
  if (!address) return std::nullopt;
  range.size_ = address->size;
  range.address_ = address->bytes;
  range.bits_ = 8 * address->size;
  if (slash == std::string_view::npos) return range;
  const std::string_view length = text.substr(slash + 1);
  int bits = 0;
  const auto [end, failed] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (failed != std::errc() || end != length.data() + length.size() || bits < 0 || bits > range.bits_)
    return std::nullopt;
  std::array<std::uint8_t, 16> masked = address->bytes;
  for (int i = bits; i < 8 * address->size; ++i)
    masked[static_cast<std::size_t>(i / 8)] &= static_cast<std::uint8_t>(~(0x80 >> i % 8));
  if (masked != address->bytes) return std::nullopt;
  range.bits_ = bits;
  return range;
}

bool PeerRange::holds(std::string_view peer) const {
  if (unix_) return peer.starts_with("unix");
  const auto address = address_of_peer(peer);
  return address && address->size == size_ && same_bits(address->bytes, address_, bits_);
}

}  // namespace pintle::authz

// The static table of RFC 7541 Appendix A, with the meaning of each name found at compile time.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include <pintle/http2/hpack/internal/field_rules.hpp>

namespace pintle::http2::hpack {

inline constexpr std::uint32_t kStaticEntries = 61;

// Index 0 is unused, as in the RFC.
inline constexpr std::array<HeaderField, kStaticEntries + 1> kStaticTable = [] {
  constexpr std::pair<std::string_view, std::string_view> kFields[kStaticEntries] = {
      {":authority", ""},
      {":method", "GET"},
      {":method", "POST"},
      {":path", "/"},
      {":path", "/index.html"},
      {":scheme", "http"},
      {":scheme", "https"},
      {":status", "200"},
      {":status", "204"},
      {":status", "206"},
      {":status", "304"},
      {":status", "400"},
      {":status", "404"},
      {":status", "500"},
      {"accept-charset", ""},
      {"accept-encoding", "gzip, deflate"},
      {"accept-language", ""},
      {"accept-ranges", ""},
      {"accept", ""},
      {"access-control-allow-origin", ""},
      {"age", ""},
      {"allow", ""},
      {"authorization", ""},
      {"cache-control", ""},
      {"content-disposition", ""},
      {"content-encoding", ""},
      {"content-language", ""},
      {"content-length", ""},
      {"content-location", ""},
      {"content-range", ""},
      {"content-type", ""},
      {"cookie", ""},
      {"date", ""},
      {"etag", ""},
      {"expect", ""},
      {"expires", ""},
      {"from", ""},
      {"host", ""},
      {"if-match", ""},
      {"if-modified-since", ""},
      {"if-none-match", ""},
      {"if-range", ""},
      {"if-unmodified-since", ""},
      {"last-modified", ""},
      {"link", ""},
      {"location", ""},
      {"max-forwards", ""},
      {"proxy-authenticate", ""},
      {"proxy-authorization", ""},
      {"range", ""},
      {"referer", ""},
      {"refresh", ""},
      {"retry-after", ""},
      {"server", ""},
      {"set-cookie", ""},
      {"strict-transport-security", ""},
      {"transfer-encoding", ""},
      {"user-agent", ""},
      {"vary", ""},
      {"via", ""},
      {"www-authenticate", ""},
  };
  std::array<HeaderField, kStaticEntries + 1> t{};
  for (std::uint32_t i = 0; i < kStaticEntries; ++i) {
    t[i + 1].token = token_of(kFields[i].first);
    t[i + 1].name = kFields[i].first;
    t[i + 1].value = kFields[i].second;
  }
  return t;
}();

}  // namespace pintle::http2::hpack

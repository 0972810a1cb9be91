// What a field's name means, and which names and values RFC 9113 section 8.2.1 allows.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <pintle/http2/header.hpp>

namespace pintle::http2::hpack {

// The token of a name; upper-case spellings are `other` (and not valid).
constexpr Token token_of(std::string_view name) {
  using enum Token;
  switch (name.size()) {
    case 2:
      if (name == "te") return te;
      break;
    case 4:
      if (name == "host") return host;
      break;
    case 5:
      if (name == ":path") return path;
      break;
    case 6:
      if (name == "cookie") return cookie;
      break;
    case 7:
      if (name == ":method") return method;
      if (name == ":scheme") return scheme;
      if (name == ":status") return status;
      if (name == "upgrade") return upgrade;
      break;
    case 10:
      if (name == ":authority") return authority;
      if (name == "user-agent") return user_agent;
      if (name == "connection") return connection;
      if (name == "keep-alive") return keep_alive;
      break;
    case 11:
      if (name == "grpc-status") return grpc_status;
      break;
    case 12:
      if (name == "content-type") return content_type;
      if (name == "grpc-timeout") return grpc_timeout;
      if (name == "grpc-message") return grpc_message;
      break;
    case 13:
      if (name == "grpc-encoding") return grpc_encoding;
      if (name == "authorization") return authorization;
      break;
    case 14:
      if (name == "content-length") return content_length;
      break;
    case 16:
      if (name == "proxy-connection") return proxy_connection;
      break;
    case 17:
      if (name == "transfer-encoding") return transfer_encoding;
      break;
    case 20:
      if (name == "grpc-accept-encoding") return grpc_accept_encoding;
      break;
    case 23:
      if (name == "grpc-status-details-bin") return grpc_status_details_bin;
      break;
    default:
      break;
  }
  if (name.starts_with(':')) return unknown_pseudo;
  if (name.starts_with("grpc-")) return grpc_other;
  return other;
}

inline constexpr auto kNameBytes = [] {
  std::array<bool, 256> allowed{};
  for (unsigned c = 0x21; c < 0x7f; ++c) allowed[c] = (c < 'A' || c > 'Z') && c != ':';
  return allowed;
}();

// One colon may stand first, before a name that is not empty: a pseudo-header.
constexpr bool is_valid_name(std::string_view name) {
  if (name.starts_with(':')) name.remove_prefix(1);
  if (name.empty()) return false;
  for (const char c : name) {
    if (!kNameBytes[static_cast<std::uint8_t>(c)]) return false;
  }
  return true;
}

// No NUL, CR or LF anywhere, no space or tab at either end. Bytes from 0x80 are allowed.
inline bool is_valid_value(std::string_view value) {
  if (value.empty()) return true;
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  if (blank(value.front()) || blank(value.back())) return false;
  constexpr std::uint64_t kOnes = 0x0101010101010101U;
  const auto zero_bytes = [](std::uint64_t w) { return (w - kOnes) & ~w & (kOnes << 7); };
  const char* p = value.data();
  std::size_t left = value.size();
  for (; left >= 8; p += 8, left -= 8) {
    std::uint64_t w;
    std::memcpy(&w, p, 8);
    if ((zero_bytes(w) | zero_bytes(w ^ (kOnes * '\r')) | zero_bytes(w ^ (kOnes * '\n'))) != 0) return false;
  }
  for (; left > 0; ++p, --left) {
    if (*p == '\0' || *p == '\r' || *p == '\n') return false;
  }
  return true;
}

}  // namespace pintle::http2::hpack

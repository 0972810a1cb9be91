// A header field as the engine hands it up: its bytes, and what it means, found once and kept with the table entry.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace pintle::http2 {

// Names that the engine or gRPC gives a meaning to; `other` is everything else.
enum class Token : std::uint8_t {
  other,
  authority,  // pseudo-headers first: is_pseudo() relies on it
  method,
  path,
  scheme,
  status,
  unknown_pseudo,  // any other name that begins with ':'
  connection,      // connection-specific fields, malformed in HTTP/2 (RFC 9113 section 8.2.2)
  keep_alive,
  proxy_connection,
  transfer_encoding,
  upgrade,
  te,
  host,
  content_length,
  content_type,
  cookie,
  user_agent,
  authorization,
  grpc_timeout,
  grpc_encoding,
  grpc_accept_encoding,
  grpc_status,
  grpc_message,
  grpc_status_details_bin,
  grpc_other,  // any other name that begins with "grpc-"
};

constexpr bool is_pseudo(Token t) { return t >= Token::authority && t <= Token::unknown_pseudo; }

// A word that the room above may keep with a table entry (a route, a verified token), so that a field that is repeated
// by index costs one read. It is zeroed when the entry is made and dies with it. Owned by the entry.
struct Annotation {
  std::uintptr_t value = 0;
  std::uint64_t epoch = 0;
};

// Views into the decoder's memory: valid until the next block is decoded.
struct HeaderField {
  Token token = Token::other;
  bool valid_name = true;   // a field name that RFC 9113 section 8.2.1 allows (pseudo-headers included)
  bool valid_value = true;  // a value that RFC 9113 section 8.2.1 allows (no NUL, CR, LF, no blank at either end)
  bool never_indexed = false;
  std::string_view name, value;
  Annotation* annotation = nullptr;  // null for a field that is not in the dynamic table
};

using HeaderList = std::vector<HeaderField>;

// A field to be sent. Whoever sends it guarantees a valid lower-case name and a valid value.
enum class Indexing : std::uint8_t {
  incremental,  // may enter the dynamic table: for what repeats
  without,      // literal: for what changes from call to call
  never,        // literal that no hop may index: for secrets (RFC 7541 section 7.1.3)
};
struct OutField {
  std::string_view name, value;
  Indexing indexing = Indexing::without;
};

}  // namespace pintle::http2

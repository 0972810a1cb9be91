// Codes of gRPC and what stands for them on the wire: grpc-status, HTTP status codes, HTTP/2 error codes.
#pragma once

#include <cstdint>
#include <string_view>

#include <pintle/base/status.hpp>

namespace pintle::wire {

// The code of a response that carries no grpc-status (grpc/doc/http-grpc-status-mapping.md). For clients only: a server
// never uses the table in reverse. 200 and whatever the table does not name are UNKNOWN; 1xx are no responses: skip
// them.
Code code_from_http_status(int status) noexcept;

// The code of a call whose stream the peer reset with this HTTP/2 error code (PROTOCOL-HTTP2.md, "Errors"). Codes that
// nobody knows count as INTERNAL_ERROR (RFC 9113 section 7).
Code code_from_rst_stream(std::uint32_t error) noexcept;

// The code in a grpc-status header: decimal digits. Anything else, and numbers that are no code, are UNKNOWN.
Code parse_grpc_status(std::string_view value) noexcept;

// The header value of a code: "0" to "16". Static storage.
std::string_view format_grpc_status(Code code) noexcept;

}  // namespace pintle::wire

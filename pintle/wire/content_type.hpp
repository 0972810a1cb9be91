// The content-type of a call: does it speak gRPC, and in which encoding are its messages?
#pragma once

#include <cstdint>
#include <string_view>

namespace pintle::wire {

enum class ContentType : std::uint8_t {
  not_grpc,    // another protocol, grpc-web included: HTTP status 415 from a server
  grpc,        // application/grpc, which means Protobuf
  grpc_proto,  // application/grpc+proto
  grpc_other,  // application/grpc+something: a message encoding that only a byte handler can read
};

// Parameters (";charset=utf-8") are ignored, letters compared without case (RFC 9110 section 8.3.1). An empty value is
// not_grpc.
ContentType parse_content_type(std::string_view value) noexcept;

// What we send.
inline constexpr std::string_view kGrpcContentType = "application/grpc";
inline constexpr std::string_view kGrpcProtoContentType = "application/grpc+proto";

}  // namespace pintle::wire

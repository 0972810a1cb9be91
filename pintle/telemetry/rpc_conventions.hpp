// What the conventions for RPC say of a call, for all who tell of one.
#pragma once

#include <string_view>

#include <pintle/base/status.hpp>
#include <pintle/rpc/layer.hpp>

namespace pintle {

// Whether a call that ended so is an error of that side's (OpenTelemetry): on a client every status but OK, on a server
// those that are its own.
constexpr bool is_rpc_error(Side side, Code code) {
  if (side == Side::client) return code != Code::ok;
  switch (code) {
    case Code::unknown:
    case Code::deadline_exceeded:
    case Code::unimplemented:
    case Code::internal:
    case Code::unavailable:
    case Code::data_loss:
      return true;
    default:
      return false;
  }
}

// "unary", "client_stream", "server_stream", "bidi_stream": go-grpc-middleware's names.
constexpr std::string_view kind_name(Kind kind) {
  constexpr std::string_view kNames[] = {"unary", "client_stream", "server_stream", "bidi_stream"};
  return kNames[static_cast<std::size_t>(kind)];
}

// "items.v1.ItemService/GetItem" of the path with a slash before it.
constexpr std::string_view rpc_method(std::string_view path) { return path.starts_with('/') ? path.substr(1) : path; }

}  // namespace pintle

// What a call hears that is refused for want of room, the same from every limit.
#pragma once

#include <string_view>

#include <pintle/base/clock.hpp>
#include <pintle/base/status.hpp>
#include <pintle/rpc/layer_call.hpp>

namespace pintle {

// The status with google.rpc.RetryInfo, and grpc-retry-pushback-ms in the call's trailers (gRFC A6): whoever retries
// waits for so long.
Status overloaded(LayerCall& call, Code code, std::string_view message, Duration come_back_in);

}  // namespace pintle

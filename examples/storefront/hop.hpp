// What a process of the shop saw of a call.
#pragma once

#include <chrono>
#include <string_view>

#include "shop/v1/shop.pb.h"
#include <pintle/rpc/call.hpp>
#include <pintle/telemetry/tracing/call_span.hpp>

namespace shop {

inline void add_hop(const pintle::Call& call, std::string_view service,
                    google::protobuf::RepeatedPtrField<v1::Hop>& hops) {
  v1::Hop& hop = *hops.Add();
  hop.set_service(service.data(), service.size());
  if (const auto* span = call.find<pintle::CallSpan>()) hop.set_trace_id(span->span.context().trace_id());
  if (!call.deadline().is_infinite())
    hop.set_milliseconds_left(call.deadline().remaining(call.loop().now()) / std::chrono::milliseconds(1));
}

}  // namespace shop

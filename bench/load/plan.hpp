#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pintle::bench {

// The bytes of one call: `request` is sent `request_repeats` times, and the answer must be `reply`, `reply_repeats`
// times. Both are gRPC messages with their 5-byte prefix. Unary, server streaming and client streaming are the same
// thing.
struct CallPlan {
  std::string path;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::string request;
  std::size_t request_repeats = 1;
  std::string reply;
  std::size_t reply_repeats = 1;
  int status = 0;  // the grpc-status that the answer must have

  [[nodiscard]] std::size_t request_bytes() const { return request.size() * request_repeats; }
  [[nodiscard]] std::size_t reply_bytes() const { return reply.size() * reply_repeats; }
};

// bench/echo.proto's three methods. `payload` bytes are the letter x.
CallPlan unary_plan(std::string_view name, std::size_t payload);
CallPlan down_plan(std::uint32_t messages, std::uint32_t size);
CallPlan up_plan(std::uint32_t messages, std::uint32_t size);
// A unary request of `payload` bytes that travels as about a thousandth of them (gzip), and is refused as too large
// (RESOURCE_EXHAUSTED).
CallPlan bomb_plan(std::size_t payload);

}  // namespace pintle::bench

#include <cstdint>
#include <fstream>
#include <sstream>
#include <utility>

#include "common.hpp"

// gRPC exports it for its own interop programs, and declares it in a header that isn't installed.
std::uint32_t grpc_call_test_only_get_message_flags(grpc_call* call);  // NOLINT(misc-use-internal-linkage): not ours

namespace peer {

namespace {
// Set by C-core when it inflates a message (src/core/lib/transport/transport.h).
constexpr std::uint32_t kWasCompressed = 0x40000000U;
}  // namespace

void fill(grpc::testing::Payload& payload, std::size_t size) {
  payload.set_type(grpc::testing::COMPRESSABLE);
  payload.mutable_body()->assign(size, '\0');
}

bool came_compressed(grpc_call* call) { return (grpc_call_test_only_get_message_flags(call) & kWasCompressed) != 0; }

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return std::move(text).str();
}

}  // namespace peer

#include "test_data.hpp"

namespace interop {

void fill(grpc::testing::Payload& payload, std::size_t size) {
  payload.set_type(grpc::testing::COMPRESSABLE);
  payload.mutable_body()->assign(size, '\0');
}

}  // namespace interop

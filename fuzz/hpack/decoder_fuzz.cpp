#include <fuzz/hpack/judge.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pintle::http2::hpack_fuzz::judge({reinterpret_cast<const char*>(data), size});
  return 0;
}

// Input: a service config. It is refused with a reason or read; what was read lies within the bounds of gRFC A6, and a
// channel can be told.
#include <cstdint>
#include <string_view>

#include "../check.hpp"
#include <pintle/client/options.hpp>
#include <pintle/client/service_config.hpp>
#include <pintle/resilience/retry/retry_policy.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pintle;
  auto config = ServiceConfig::parse({reinterpret_cast<const char*>(data), size});
  if (!config) {
    FUZZ_CHECK(config.error().code() == Code::invalid_argument && !config.error().message().empty());
    return 0;
  }
  for (const MethodConfig& method : config->methods) {
    FUZZ_CHECK(!(method.retry && method.hedging));
    if (method.retry) {
      FUZZ_CHECK(method.retry->attempts() >= 2 && method.retry->attempts() <= RetryPolicy::kMostAttempts);
      for (int n = 1; n < 5; ++n) FUZZ_CHECK(method.retry->delay(n, 0.5) >= Duration::zero());
    }
    if (method.hedging) FUZZ_CHECK(method.hedging->attempts() >= 2);
    for (const MethodConfig::Name& name : method.names) FUZZ_CHECK(config->of(name.service, name.method) == &method);
  }
  ChannelOptions options;
  apply(*config, options);
  FUZZ_CHECK(!options.layers.empty());
  return 0;
}

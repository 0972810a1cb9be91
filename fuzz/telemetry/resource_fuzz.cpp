// Input: the text of resource attributes. No key comes twice or empty, and the service keeps its name.
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "../check.hpp"
#include <pintle/telemetry/otlp/resource.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const pintle::Resource resource =
      pintle::make_resource("items", std::string_view(reinterpret_cast<const char*>(data), size));
  std::set<std::string> keys;
  for (const auto& [key, value] : resource.attributes) {
    FUZZ_CHECK(keys.insert(key).second);
    if (key == "service.name") FUZZ_CHECK(value == "items");
  }
  FUZZ_CHECK(keys.contains("service.name"));
  return 0;
}

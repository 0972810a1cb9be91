// Input: a JWK Set, or a key as PEM. A set that is read has a key, each kid once, and no key of it takes nonsense for a
// signature.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../check.hpp"
#include <pintle/security/jwt/key_set.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::string> left_out;
  const auto set = pintle::KeySet::from_text(std::string_view(reinterpret_cast<const char*>(data), size), &left_out);
  if (!set) {
    FUZZ_CHECK(!set.error().empty());
    return 0;
  }
  FUZZ_CHECK(!set->empty());
  for (std::size_t i = 0; i < pintle::kJwsAlgorithms; ++i) {
    const auto algorithm = static_cast<pintle::JwsAlgorithm>(i);
    if (const auto* key = set->find(std::nullopt, algorithm)) {
      FUZZ_CHECK(algorithm < pintle::JwsAlgorithm::hs256);
      FUZZ_CHECK(!key->verify(algorithm, "text", std::string(64, 's')));
    }
  }
  return 0;
}

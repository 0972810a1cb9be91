// Input: a header name, a zero byte, its value. Any field is read without harm; what is kept may be sent again, and
// sending it gives the same entries back.
#include <cstdint>
#include <string>
#include <string_view>

#include "../check.hpp"
#include <pintle/wire/metadata_coding.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pintle;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t zero = input.find('\0');
  const std::string_view name = input.substr(0, zero);
  const std::string_view value = zero == std::string_view::npos ? std::string_view() : input.substr(zero + 1);

  Metadata received;
  const Status status = wire::decode_field(name, value, received);
  FUZZ_CHECK(status.ok() || received.empty());
  FUZZ_CHECK(wire::check_metadata(received).ok());

  Metadata echoed;
  std::string scratch;
  for (const Metadata::Entry entry : received) {
    FUZZ_CHECK(wire::decode_field(entry.key, wire::encode_value(entry, scratch), echoed).ok());
  }
  FUZZ_CHECK(echoed.size() == received.size());
  for (auto a = echoed.begin(), b = received.begin(); a != echoed.end(); ++a, ++b) {
    FUZZ_CHECK((*a).key == (*b).key && (*a).value == (*b).value);
  }
  return 0;
}

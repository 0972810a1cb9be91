// Input: a message of shop_test.proto. Its validator says the same twice, and what it says makes a status whose details
// can be read.
#include <cstdint>
#include <string>

#include <buf/validate/validate.pb.h>
#include <validation/shop_test.pintle.hpp>

#include "../check.hpp"
#include <pintle/middleware/validation/validation_layer.hpp>
#include <pintle/rpc/details.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  shop::test::Item item;
  if (!item.ParseFromArray(data, static_cast<int>(size))) return 0;
  const pintle::Violations found = pintle::violations_of(item), again = pintle::violations_of(item);
  FUZZ_CHECK(found.all.size() == again.all.size());
  for (const pintle::Violation& violation : found.all) {
    FUZZ_CHECK(!violation.rule_id.empty() && !violation.message.empty());
    FUZZ_CHECK(!pintle::path_text(violation.field).empty());
  }
  if (found.ok()) return 0;
  const pintle::Status status = pintle::invalid_status(found);
  FUZZ_CHECK(status.details().size() < 4096);
  FUZZ_CHECK(pintle::detail_of<buf::validate::Violations>(status).has_value());
  return 0;
}

// Input: the value of a header. Every parser of the room reads it; what they make of it can be written again.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "../check.hpp"
#include <pintle/wire/base64.hpp>
#include <pintle/wire/content_type.hpp>
#include <pintle/wire/percent.hpp>
#include <pintle/wire/status_map.hpp>
#include <pintle/wire/timeout.hpp>
#include <pintle/wire/utf8.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pintle;
  const std::string_view value(reinterpret_cast<const char*>(data), size);

  const std::string message = wire::percent_decode(value);
  FUZZ_CHECK(wire::valid_utf8(message));
  std::string coded;
  wire::percent_encode(message, coded);
  FUZZ_CHECK(wire::percent_decode(coded) == message);
  std::string cut;
  wire::percent_encode_within(value, size / 2, cut);
  FUZZ_CHECK(cut.size() <= size / 2);
  FUZZ_CHECK(wire::valid_utf8(value) == (wire::to_valid_utf8(value) == value));

  std::string bytes, again;
  if (wire::base64_decode(value, bytes)) {
    wire::base64_encode(bytes, again);
    FUZZ_CHECK(again.size() <= value.size());
    std::string back;
    FUZZ_CHECK(wire::base64_decode(again, back) && back == bytes);
  } else {
    FUZZ_CHECK(bytes.empty());
  }

  if (const auto timeout = wire::parse_timeout(value)) {
    std::array<char, 16> room;
    const auto sent = wire::parse_timeout(wire::format_timeout(*timeout, room));
    FUZZ_CHECK(timeout->count() >= 0);
    FUZZ_CHECK(sent.has_value() && (*sent <= *timeout || sent->count() == 1));
  }

  const Code code = wire::parse_grpc_status(value);
  FUZZ_CHECK(wire::parse_grpc_status(wire::format_grpc_status(code)) == code);
  static_cast<void>(wire::parse_content_type(value));
  return 0;
}

// Input: a text. The formats that are regular are what their regular expressions say, and those that contain each other
// do.
#include <cstdint>
#include <string_view>

#include <re2/re2.h>

#include "../check.hpp"
#include <pintle/validate/formats.hpp>

namespace {

bool matches(const re2::RE2& expression, std::string_view text) {
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), expression);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pintle::validate;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const re2::RE2 email(
      R"([a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*)",
      re2::RE2::Latin1);
  static const re2::RE2 uuid("[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
                             re2::RE2::Latin1);
  static const re2::RE2 ulid("[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}", re2::RE2::Latin1);
  static const re2::RE2 name(R"([A-Za-z_][A-Za-z_0-9]*(\.[A-Za-z_][A-Za-z_0-9]*)*)", re2::RE2::Latin1);
  FUZZ_CHECK(is_email(text) == matches(email, text));
  FUZZ_CHECK(is_uuid(text) == matches(uuid, text));
  FUZZ_CHECK(is_ulid(text) == matches(ulid, text));
  FUZZ_CHECK(is_protobuf_name(text) == matches(name, text));
  if (is_uri(text)) FUZZ_CHECK(is_uri_reference(text) && text.find(':') != std::string_view::npos);
  if (is_ip(text, IpVersion::v4)) FUZZ_CHECK(is_ip(text) && !is_ip(text, IpVersion::v6) && !is_hostname(text));
  if (is_ip_prefix(text, IpVersion::any, true)) FUZZ_CHECK(is_ip_prefix(text, IpVersion::any, false));
  if (is_host_and_port(text)) FUZZ_CHECK(text.find(':') != std::string_view::npos);
  if (is_header_name(text, true)) FUZZ_CHECK(is_header_name(text, false));
  FUZZ_CHECK(count_characters(text) <= text.size());
  if (is_utf8(text)) FUZZ_CHECK(count_characters(text) * 4 >= text.size());
  return 0;
}

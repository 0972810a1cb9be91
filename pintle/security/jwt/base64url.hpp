// base64url without padding, as JOSE writes bytes (RFC 7515 section 2 and appendix C).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pintle {

// Nothing for anything else than the one way to write some bytes: padding, '+' and '/', white space, a length that no
// bytes have, and bits that are set where none belong, are all refused.
std::optional<std::string> decode_base64url(std::string_view text);
std::string encode_base64url(std::string_view bytes);

}  // namespace pintle

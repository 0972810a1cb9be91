// HTTP's simplest authentication (RFC 7617).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pintle {

// The value of authorization or proxy-authorization for "user:password".
inline std::string basic_authorization(std::string_view user_and_password) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out = "Basic ";
  for (std::size_t at = 0; at < user_and_password.size(); at += 3) {
    const std::string_view three = user_and_password.substr(at, 3);
    unsigned bits = 0;
    for (std::size_t i = 0; i < 3; ++i)
      bits = bits << 8 | (i < three.size() ? static_cast<unsigned char>(three[i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i) out += i <= three.size() ? kLetters[bits >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

}  // namespace pintle

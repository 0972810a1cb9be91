// The parts of an http or https URL (RFC 3986, RFC 9110 section 4.2).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <pintle/base/status.hpp>

namespace pintle {

struct HttpUrl {
  HttpUrl() = default;
  bool tls = false;
  std::string host;  // without brackets
  std::uint16_t port = 0;
  std::string authority;  // as it was written, for the field Host
  std::string target;     // path and query; "/" when there is none
};

// INVALID_ARGUMENT for another scheme, a user or password, a fragment, a port that is none, and characters that do not
// belong into a URL.
Result<HttpUrl> parse_http_url(std::string_view text);

}  // namespace pintle

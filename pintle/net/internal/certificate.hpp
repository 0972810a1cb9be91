// What a certificate says.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <pintle/base/tls_info.hpp>
#include <pintle/net/internal/openssl.hpp>

namespace pintle::net::tls {

PeerCertificate describe(X509& certificate);

// subjectAltName DNS, lower case.
std::vector<std::string> dns_names(X509& certificate);

// Whether a certificate for `pattern` ("shop.example", or "*.shop.example" for one label in the place of the star)
// serves `name` (RFC 6125 section 6.4). Both lower case.
bool name_covers(std::string_view pattern, std::string_view name);

}  // namespace pintle::net::tls

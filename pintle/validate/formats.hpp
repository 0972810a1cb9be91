// The formats that rules name: addresses, names, identifiers (as protovalidate defines them; the RFCs are named).
#pragma once

#include <cstdint>
#include <string_view>

namespace pintle::validate {

// By the expression of the HTML standard for input fields of type email, stricter than RFC 5322.
bool is_email(std::string_view text);
// RFC 1034 section 3.5: labels of 1 to 63 letters, digits and hyphens (not at an end), 253 bytes at most, the last not
// all digits; a dot may follow.
bool is_hostname(std::string_view text);

enum class IpVersion : std::uint8_t { any, v4, v6 };
// RFC 791 dotted decimal without leading zeros; RFC 4291 section 2.2, with a zone id (RFC 4007).
bool is_ip(std::string_view text, IpVersion version = IpVersion::any);
// An address, '/' and a length; with `network`, the bits behind the length are zero.
bool is_ip_prefix(std::string_view text, IpVersion version, bool network);
// "host:80", "127.0.0.1:80", "[::1]:80".
bool is_host_and_port(std::string_view text);

// RFC 3986: a URI has a scheme, a reference need not.
bool is_uri(std::string_view text);
bool is_uri_reference(std::string_view text);

bool is_uuid(std::string_view text);          // RFC 9562, with hyphens
bool is_trimmed_uuid(std::string_view text);  // without
bool is_ulid(std::string_view text);
bool is_protobuf_name(std::string_view text);  // "shop.v1.Item"
// Header names and values: strict is RFC 9110's, else all but line ends and NUL.
bool is_header_name(std::string_view text, bool strict);
bool is_header_value(std::string_view text, bool strict);

bool is_utf8(std::string_view text);
// Characters of a text that is UTF-8.
std::uint64_t count_characters(std::string_view text);

}  // namespace pintle::validate

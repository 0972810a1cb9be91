#include <pintle/validate/formats.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace pintle::validate {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
int hex_value(char c) { return is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10; }

bool all_are(std::string_view text, bool (*kind)(char)) { return std::ranges::all_of(text, kind); }

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= 63 && label.front() != '-' && label.back() != '-' &&
         std::ranges::all_of(label, [](char c) { return is_alnum(c) || c == '-'; });
}

// A decimal number up to `most`, without leading zeros.
std::optional<unsigned> decimal(std::string_view text, unsigned most) {
  if (text.empty() || text.size() > 5 || !all_are(text, is_digit) || (text.size() > 1 && text.front() == '0'))
    return std::nullopt;
  unsigned value = 0;
  for (const char c : text) value = value * 10 + static_cast<unsigned>(c - '0');
  return value <= most ? std::optional(value) : std::nullopt;
}

using Bits = std::array<std::uint8_t, 16>;

bool read_ipv4(std::string_view text, std::uint8_t* to) {
  for (int i = 0; i < 4; ++i) {
    const std::size_t dot = i < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos) return false;
    const auto octet = decimal(text.substr(0, dot), 255);
    if (!octet) return false;
    to[i] = static_cast<std::uint8_t>(*octet);
    text.remove_prefix(std::min(text.size(), dot + 1));
  }
  return text.empty();
}

// Groups of 16 bits, the last two perhaps as IPv4, one run of zeros perhaps as "::".
bool read_ipv6(std::string_view text, Bits& bits) {
  std::array<std::uint8_t, 16> front{}, back{};
  std::size_t in_front = 0, behind = 0;
  bool elided = false;
  const auto add = [&](std::uint8_t high, std::uint8_t low) {
    auto& where = elided ? back : front;
    std::size_t& size = elided ? behind : in_front;
    if (in_front + behind + 2 > 16) return false;
    where[size++] = high;
    where[size++] = low;
    return true;
  };
  if (text.starts_with("::")) {
    elided = true;
    text.remove_prefix(2);
  } else if (text.starts_with(':')) {
    return false;
  }
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(':'), text.size());
    const std::string_view group = text.substr(0, end);
    if (group.find('.') != std::string_view::npos) {
      std::uint8_t four[4];
      if (end != text.size() || !read_ipv4(group, four) || !add(four[0], four[1]) || !add(four[2], four[3]))
        return false;
      text = {};
      break;
    }
    if (group.empty() || group.size() > 4 || !all_are(group, is_hex)) return false;
    unsigned value = 0;
    for (const char c : group) value = value << 4 | static_cast<unsigned>(hex_value(c));
    if (!add(static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value & 0xff))) return false;
    text.remove_prefix(end);
    if (text.empty()) break;
    text.remove_prefix(1);
    if (text.starts_with(':')) {
      if (elided) return false;
      elided = true;
      text.remove_prefix(1);
    } else if (text.empty()) {
      return false;  // a colon at the end
    }
  }
  if (elided ? in_front + behind > 14 : in_front != 16) return false;
  bits = {};
  std::copy_n(front.begin(), in_front, bits.begin());
  std::copy_n(back.begin(), behind, bits.end() - static_cast<std::ptrdiff_t>(behind));
  return true;
}

bool is_ipv6_with_zone(std::string_view text) {
  Bits bits;
  const std::size_t zone = text.find('%');
  if (zone == std::string_view::npos) return read_ipv6(text, bits);
  const std::string_view name = text.substr(zone + 1);
  return !name.empty() && name.find('\0') == std::string_view::npos && read_ipv6(text.substr(0, zone), bits);
}

// -- RFC 3986
// -----------------------------------------------------------------------------------------------------------

bool is_unreserved(char c) { return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~'; }
bool is_sub_delimiter(char c) { return std::string_view("!$&'()*+,;=").find(c) != std::string_view::npos; }

// Every character is unreserved, a sub-delimiter, one of `more`, or percent-encoded.
bool is_made_of(std::string_view text, std::string_view more) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
      i += 2;
    } else if (!is_unreserved(text[i]) && !is_sub_delimiter(text[i]) && more.find(text[i]) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out.push_back(static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

// Between the brackets.
bool is_ip_literal(std::string_view text) {
  if (text.starts_with('v') || text.starts_with('V')) {
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos || dot < 2 || dot + 1 == text.size()) return false;
    const std::string_view version = text.substr(1, dot - 1), rest = text.substr(dot + 1);
    return all_are(version, is_hex) &&
           std::ranges::all_of(rest, [](char c) { return is_unreserved(c) || is_sub_delimiter(c) || c == ':'; });
  }
  Bits bits;
  const std::size_t zone = text.find("%25");  // RFC 6874
  if (zone == std::string_view::npos) return read_ipv6(text, bits);
  const std::string_view name = text.substr(zone + 3);
  const auto is_zone = [](std::string_view n) {
    for (std::size_t i = 0; i < n.size(); ++i) {
      if (n[i] == '%') {
        if (i + 2 >= n.size() || !is_hex(n[i + 1]) || !is_hex(n[i + 2])) return false;
        i += 2;
      } else if (!is_unreserved(n[i])) {
        return false;
      }
    }
    return true;
  };
  return !name.empty() && is_zone(name) && is_utf8(percent_decoded(name)) && read_ipv6(text.substr(0, zone), bits);
}

bool is_authority(std::string_view text) {
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    if (!is_made_of(text.substr(0, at), ":")) return false;
    text.remove_prefix(at + 1);
  }
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos || !is_ip_literal(text.substr(1, end - 1))) return false;
    port = text.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return false;
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    const std::string_view name = text.substr(0, colon);
    if (!is_made_of(name, "") || !is_utf8(percent_decoded(name))) return false;
    port = text.substr(colon);
  }
  if (!port.empty()) port.remove_prefix(1);
  return all_are(port, is_digit);
}

// Everything behind the scheme. `segment_may_have_colon`: the first one of a path without a slash.
bool is_rest_of_uri(std::string_view text, bool segment_may_have_colon) {
  if (const std::size_t hash = text.find('#'); hash != std::string_view::npos) {
    if (!is_made_of(text.substr(hash + 1), ":@/?")) return false;
    text = text.substr(0, hash);
  }
  if (const std::size_t question = text.find('?'); question != std::string_view::npos) {
    if (!is_made_of(text.substr(question + 1), ":@/?")) return false;
    text = text.substr(0, question);
  }
  if (text.starts_with("//")) {
    text.remove_prefix(2);
    const std::size_t path = std::min(text.find('/'), text.size());
    return is_authority(text.substr(0, path)) && is_made_of(text.substr(path), ":@/");
  }
  if (!segment_may_have_colon && text.substr(0, text.find('/')).find(':') != std::string_view::npos) return false;
  return is_made_of(text, ":@/");
}

bool is_scheme(std::string_view text) {
  return !text.empty() && is_alpha(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '+' || c == '-' || c == '.'; });
}

bool is_identifier(std::string_view text) {
  return !text.empty() && !is_digit(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '_'; });
}

}  // namespace

bool is_email(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == std::string_view::npos || at == 0) return false;
  const bool local = std::ranges::all_of(text.substr(0, at), [](char c) {
    return is_alnum(c) || std::string_view(".!#$%&'*+/=?^_`{|}~-").find(c) != std::string_view::npos;
  });
  if (!local) return false;
  std::string_view domain = text.substr(at + 1);
  for (;;) {
    const std::size_t dot = domain.find('.');
    if (!is_label(domain.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    domain.remove_prefix(dot + 1);
  }
}

bool is_hostname(std::string_view text) {
  if (text.size() > 253) return false;
  if (text.ends_with('.')) text.remove_suffix(1);
  bool digits = false;
  for (;;) {
    const std::size_t dot = text.find('.');
    const std::string_view label = text.substr(0, dot);
    if (!is_label(label)) return false;
    digits = all_are(label, is_digit);
    if (dot == std::string_view::npos) return !digits;
    text.remove_prefix(dot + 1);
  }
}

bool is_ip(std::string_view text, IpVersion version) {
  std::uint8_t four[4];
  return (version != IpVersion::v6 && read_ipv4(text, four)) || (version != IpVersion::v4 && is_ipv6_with_zone(text));
}

bool is_ip_prefix(std::string_view text, IpVersion version, bool network) {
  const std::size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view address = text.substr(0, slash);
  Bits bits{};
  std::size_t size = 0;
  if (version != IpVersion::v6 && read_ipv4(address, bits.data()))
    size = 32;
  else if (version != IpVersion::v4 && read_ipv6(address, bits))
    size = 128;
  if (size == 0) return false;
  const auto length = decimal(text.substr(slash + 1), static_cast<unsigned>(size));
  if (!length) return false;
  if (!network) return true;
  for (std::size_t i = *length; i < size; ++i)
    if ((bits[i / 8] >> (7 - i % 8) & 1) != 0) return false;
  return true;
}

bool is_host_and_port(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.rfind(']');
    if (end == std::string_view::npos || end + 1 >= text.size() || text[end + 1] != ':') return false;
    return is_ip(text.substr(1, end - 1), IpVersion::v6) && decimal(text.substr(end + 2), 65535).has_value();
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view host = text.substr(0, colon);
  return (is_hostname(host) || is_ip(host, IpVersion::v4)) && decimal(text.substr(colon + 1), 65535).has_value();
}

bool is_uri(std::string_view text) {
  const std::size_t colon = text.find(':');
  return colon != std::string_view::npos && is_scheme(text.substr(0, colon)) &&
         is_rest_of_uri(text.substr(colon + 1), true);
}

bool is_uri_reference(std::string_view text) { return is_uri(text) || is_rest_of_uri(text, false); }

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (hyphen ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

bool is_trimmed_uuid(std::string_view text) { return text.size() == 32 && all_are(text, is_hex); }

bool is_ulid(std::string_view text) {
  return text.size() == 26 && text.front() >= '0' && text.front() <= '7' && std::ranges::all_of(text, [](char c) {
           const char upper = is_alpha(c) ? static_cast<char>(c & ~0x20) : c;
           return is_alnum(c) && upper != 'I' && upper != 'L' && upper != 'O' && upper != 'U';
         });
}

bool is_protobuf_name(std::string_view text) {
  for (;;) {
    const std::size_t dot = text.find('.');
    if (!is_identifier(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_header_name(std::string_view text, bool strict) {
  if (!strict) return !text.empty() && text.find_first_of(std::string_view("\0\n\r", 3)) == std::string_view::npos;
  if (text.starts_with(':')) text.remove_prefix(1);
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return is_alnum(c) || std::string_view("!#$%&'*+-.^_|~`").find(c) != std::string_view::npos;
  });
}

bool is_header_value(std::string_view text, bool strict) {
  if (!strict) return text.find_first_of(std::string_view("\0\n\r", 3)) == std::string_view::npos;
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    std::size_t more = 0;
    std::uint32_t value = lead, least = 0;
    if (lead < 0x80) {
    } else if (lead >= 0xc2 && lead < 0xe0) {
      more = 1, value = lead & 0x1f, least = 0x80;
    } else if (lead >= 0xe0 && lead < 0xf0) {
      more = 2, value = lead & 0x0f, least = 0x800;
    } else if (lead >= 0xf0 && lead < 0xf5) {
      more = 3, value = lead & 0x07, least = 0x10000;
    } else {
      return false;
    }
    if (i + more >= text.size() + (more == 0 ? 1 : 0)) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      const auto byte = static_cast<unsigned char>(text[i + k]);
      if ((byte & 0xc0) != 0x80) return false;
      value = value << 6 | (byte & 0x3fu);
    }
    if (value < least || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return false;
    i += more + 1;
  }
  return true;
}

std::uint64_t count_characters(std::string_view text) {
  return static_cast<std::uint64_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace pintle::validate

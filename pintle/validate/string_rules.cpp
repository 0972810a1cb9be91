#include <pintle/validate/string_rules.hpp>

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <pintle/validate/formats.hpp>

namespace pintle::validate {

namespace {

constexpr Step kString{14, "string", FieldType::message}, kBytes{15, "bytes", FieldType::message};

void broken(const Where& where, const Step& rule, std::string message) {
  fail(where, kString, rule, fmt::format("string.{}", rule.name), std::move(message));
}

void broken_bytes(const Where& where, const Step& rule, std::string message) {
  fail(where, kBytes, rule, fmt::format("bytes.{}", rule.name), std::move(message));
}

bool lists(const std::vector<std::string>& list, std::string_view value) {
  return std::ranges::find(list, value) != list.end();
}

struct Format {
  WellKnown which;
  std::string_view name, about;  // "must be a valid ..."
  bool (*holds)(std::string_view);
  bool empty_is_other = true;  // the empty text has a violation of its own
};

constexpr Format kFormats[] = {
    {WellKnown::email, "email", "email address", &is_email},
    {WellKnown::hostname, "hostname", "hostname", &is_hostname},
    {WellKnown::ip, "ip", "IP address", [](std::string_view t) { return is_ip(t); }},
    {WellKnown::ipv4, "ipv4", "IPv4 address", [](std::string_view t) { return is_ip(t, IpVersion::v4); }},
    {WellKnown::ipv6, "ipv6", "IPv6 address", [](std::string_view t) { return is_ip(t, IpVersion::v6); }},
    {WellKnown::uri, "uri", "URI", &is_uri},
    {WellKnown::uri_ref, "uri_ref", "URI Reference", &is_uri_reference, false},
    {WellKnown::address, "address", "hostname, or ip address",
     [](std::string_view t) { return is_hostname(t) || is_ip(t); }},
    {WellKnown::uuid, "uuid", "UUID", &is_uuid},
    {WellKnown::tuuid, "tuuid", "trimmed UUID", &is_trimmed_uuid},
    {WellKnown::ip_with_prefixlen, "ip_with_prefixlen", "IP prefix",
     [](std::string_view t) { return is_ip_prefix(t, IpVersion::any, false); }},
    {WellKnown::ipv4_with_prefixlen, "ipv4_with_prefixlen", "IPv4 address with prefix length",
     [](std::string_view t) { return is_ip_prefix(t, IpVersion::v4, false); }},
    {WellKnown::ipv6_with_prefixlen, "ipv6_with_prefixlen", "IPv6 address with prefix length",
     [](std::string_view t) { return is_ip_prefix(t, IpVersion::v6, false); }},
    {WellKnown::ip_prefix, "ip_prefix", "IP prefix",
     [](std::string_view t) { return is_ip_prefix(t, IpVersion::any, true); }},
    {WellKnown::ipv4_prefix, "ipv4_prefix", "IPv4 prefix",
     [](std::string_view t) { return is_ip_prefix(t, IpVersion::v4, true); }},
    {WellKnown::ipv6_prefix, "ipv6_prefix", "IPv6 prefix",
     [](std::string_view t) { return is_ip_prefix(t, IpVersion::v6, true); }},
    {WellKnown::host_and_port, "host_and_port", "host (hostname or IP address) and port pair", &is_host_and_port},
    {WellKnown::ulid, "ulid", "ULID", &is_ulid},
    {WellKnown::protobuf_fqn, "protobuf_fqn", "fully-qualified Protobuf name", &is_protobuf_name},
    {WellKnown::protobuf_dot_fqn, "protobuf_dot_fqn", "fully-qualified Protobuf name with a leading dot",
     [](std::string_view t) { return t.starts_with('.') && is_protobuf_name(t.substr(1)); }},
};

}  // namespace

void StringRules::check(std::string_view value, const Where& where) const {
  if (constant_ && value != *constant_)
    broken(where, {1, "const", FieldType::string}, fmt::format("must equal `{}`", *constant_));
  check_lengths(value, where);
  check_parts(value, where);
  if (well_known_ != WellKnown::none) check_format(value, where);
}

void StringRules::check_lengths(std::string_view value, const Where& where) const {
  if (len_ || min_len_ || max_len_) {
    const std::uint64_t size = count_characters(value);
    if (len_ && size != *len_)
      broken(where, {19, "len", FieldType::uint64}, fmt::format("must be {} characters", *len_));
    if (min_len_ && size < *min_len_)
      broken(where, {2, "min_len", FieldType::uint64}, fmt::format("must be at least {} characters", *min_len_));
    if (max_len_ && size > *max_len_)
      broken(where, {3, "max_len", FieldType::uint64}, fmt::format("must be at most {} characters", *max_len_));
  }
  if (len_bytes_ && value.size() != *len_bytes_)
    broken(where, {20, "len_bytes", FieldType::uint64}, fmt::format("must be {} bytes", *len_bytes_));
  if (min_bytes_ && value.size() < *min_bytes_)
    broken(where, {4, "min_bytes", FieldType::uint64}, fmt::format("must be at least {} bytes", *min_bytes_));
  if (max_bytes_ && value.size() > *max_bytes_)
    broken(where, {5, "max_bytes", FieldType::uint64}, fmt::format("must be at most {} bytes", *max_bytes_));
}

void StringRules::check_parts(std::string_view value, const Where& where) const {
  if (pattern_ && !pattern_->matches(value))
    broken(where, {6, "pattern", FieldType::string},
           fmt::format("does not match regex pattern `{}`", pattern_->text()));
  if (prefix_ && !value.starts_with(*prefix_))
    broken(where, {7, "prefix", FieldType::string}, fmt::format("does not have prefix `{}`", *prefix_));
  if (suffix_ && !value.ends_with(*suffix_))
    broken(where, {8, "suffix", FieldType::string}, fmt::format("does not have suffix `{}`", *suffix_));
  if (contains_ && value.find(*contains_) == std::string_view::npos)
    broken(where, {9, "contains", FieldType::string}, fmt::format("does not contain substring `{}`", *contains_));
  if (not_contains_ && value.find(*not_contains_) != std::string_view::npos)
    broken(where, {23, "not_contains", FieldType::string}, fmt::format("contains substring `{}`", *not_contains_));
  if (!in_.empty() && !lists(in_, value))
    broken(where, {10, "in", FieldType::string}, fmt::format("must be in list [{}]", fmt::join(in_, ", ")));
  if (lists(not_in_, value))
    broken(where, {11, "not_in", FieldType::string}, fmt::format("must not be in list [{}]", fmt::join(not_in_, ", ")));
}

void StringRules::check_format(std::string_view value, const Where& where) const {
  if (well_known_ == WellKnown::well_known_regex) {
    const Step rule(24, "well_known_regex", FieldType::enumeration);
    if (regex_ == 1 && value.empty())
      fail(where, kString, rule, "string.well_known_regex.header_name_empty",
           "value is empty, which is not a valid HTTP header name");
    else if (regex_ == 1 && !is_header_name(value, strict_))
      fail(where, kString, rule, "string.well_known_regex.header_name", "must be a valid HTTP header name");
    else if (regex_ == 2 && !is_header_value(value, strict_))
      fail(where, kString, rule, "string.well_known_regex.header_value", "must be a valid HTTP header value");
    return;
  }
  const Format& format = *std::ranges::find(kFormats, well_known_, &Format::which);
  const Step rule(static_cast<std::int32_t>(format.which), format.name, FieldType::boolean);
  if (value.empty() && format.empty_is_other)
    fail(where, kString, rule, fmt::format("string.{}_empty", format.name),
         fmt::format("value is empty, which is not a valid {}", format.about));
  else if (!format.holds(value))
    broken(where, rule, fmt::format("must be a valid {}", format.about));
}

void BytesRules::check(std::string_view value, const Where& where) const {
  const auto hex = [](std::string_view bytes) {
    std::string text;
    for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
    return text;
  };
  if (constant_ && value != *constant_)
    broken_bytes(where, {1, "const", FieldType::bytes}, "must be " + hex(*constant_));
  if (len_ && value.size() != *len_)
    broken_bytes(where, {13, "len", FieldType::uint64}, fmt::format("must be {} bytes", *len_));
  if (min_len_ && value.size() < *min_len_)
    broken_bytes(where, {2, "min_len", FieldType::uint64}, fmt::format("must be at least {} bytes", *min_len_));
  if (max_len_ && value.size() > *max_len_)
    broken_bytes(where, {3, "max_len", FieldType::uint64}, fmt::format("must be at most {} bytes", *max_len_));
  if (pattern_ && !is_utf8(value))
    where.report.cant_apply("value must be valid UTF-8 to apply regexp");
  else if (pattern_ && !pattern_->matches(value))
    broken_bytes(where, {4, "pattern", FieldType::string},
                 fmt::format("must match regex pattern `{}`", pattern_->text()));
  if (prefix_ && !value.starts_with(*prefix_))
    broken_bytes(where, {5, "prefix", FieldType::bytes}, "does not have prefix " + hex(*prefix_));
  if (suffix_ && !value.ends_with(*suffix_))
    broken_bytes(where, {6, "suffix", FieldType::bytes}, "does not have suffix " + hex(*suffix_));
  if (contains_ && value.find(*contains_) == std::string_view::npos)
    broken_bytes(where, {7, "contains", FieldType::bytes}, "does not contain " + hex(*contains_));
  if (!in_.empty() && !lists(in_, value))
    broken_bytes(where, {8, "in", FieldType::bytes}, "must be one of the listed values");
  if (lists(not_in_, value))
    broken_bytes(where, {9, "not_in", FieldType::bytes}, "must not be one of the listed values");
  if (format_ != Format::none) check_format(value, where);
}

void BytesRules::check_format(std::string_view value, const Where& where) const {
  std::string_view name, about;
  bool holds = false;
  switch (format_) {
    case Format::ip:
      name = "ip", about = "IP address", holds = value.size() == 4 || value.size() == 16;
      break;
    case Format::ipv4:
      name = "ipv4", about = "IPv4 address", holds = value.size() == 4;
      break;
    case Format::ipv6:
      name = "ipv6", about = "IPv6 address", holds = value.size() == 16;
      break;
    case Format::uuid:
      name = "uuid", about = "UUID", holds = value.size() == 16;
      break;
    case Format::none:
      return;
  }
  const Step rule(static_cast<std::int32_t>(format_), name, FieldType::boolean);
  if (value.empty())
    fail(where, kBytes, rule, fmt::format("bytes.{}_empty", name),
         fmt::format("value is empty, which is not a valid {}", about));
  else if (!holds)
    broken_bytes(where, rule, fmt::format("must be a valid {}", about));
}

}  // namespace pintle::validate

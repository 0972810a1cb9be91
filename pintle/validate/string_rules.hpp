// The rules of texts and bytes: buf.validate.StringRules, BytesRules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/validate/pattern.hpp>
#include <pintle/validate/report.hpp>

namespace pintle::validate {

// buf.validate.StringRules.well_known, with its numbers.
enum class WellKnown : std::uint8_t {
  none = 0,
  email = 12,
  hostname = 13,
  ip = 14,
  ipv4 = 15,
  ipv6 = 16,
  uri = 17,
  uri_ref = 18,
  address = 21,
  uuid = 22,
  well_known_regex = 24,
  ip_with_prefixlen = 26,
  ipv4_with_prefixlen = 27,
  ipv6_with_prefixlen = 28,
  ip_prefix = 29,
  ipv4_prefix = 30,
  ipv6_prefix = 31,
  host_and_port = 32,
  tuuid = 33,
  ulid = 35,
  protobuf_fqn = 37,
  protobuf_dot_fqn = 38,
};

// Fluent, as generated code writes them. Immutable from then on; any thread.
class StringRules {
 public:
  StringRules& const_(std::string value) { return constant_ = std::move(value), *this; }
  StringRules& len(std::uint64_t n) { return len_ = n, *this; }
  StringRules& min_len(std::uint64_t n) { return min_len_ = n, *this; }
  StringRules& max_len(std::uint64_t n) { return max_len_ = n, *this; }
  StringRules& len_bytes(std::uint64_t n) { return len_bytes_ = n, *this; }
  StringRules& min_bytes(std::uint64_t n) { return min_bytes_ = n, *this; }
  StringRules& max_bytes(std::uint64_t n) { return max_bytes_ = n, *this; }
  StringRules& pattern(std::string_view text) { return pattern_.emplace(text), *this; }
  StringRules& prefix(std::string text) { return prefix_ = std::move(text), *this; }
  StringRules& suffix(std::string text) { return suffix_ = std::move(text), *this; }
  StringRules& contains(std::string text) { return contains_ = std::move(text), *this; }
  StringRules& not_contains(std::string text) { return not_contains_ = std::move(text), *this; }
  StringRules& in(std::vector<std::string> values) { return in_ = std::move(values), *this; }
  StringRules& not_in(std::vector<std::string> values) { return not_in_ = std::move(values), *this; }
  StringRules& well_known(WellKnown which) { return well_known_ = which, *this; }
  StringRules& well_known_regex(int which) { return well_known_ = WellKnown::well_known_regex, regex_ = which, *this; }
  StringRules& strict(bool yes) { return strict_ = yes, *this; }

  void check(std::string_view value, const Where& where) const;

 private:
  void check_lengths(std::string_view value, const Where& where) const;
  void check_parts(std::string_view value, const Where& where) const;
  void check_format(std::string_view value, const Where& where) const;

  std::optional<std::string> constant_, prefix_, suffix_, contains_, not_contains_;
  std::optional<std::uint64_t> len_, min_len_, max_len_, len_bytes_, min_bytes_, max_bytes_;
  std::optional<Pattern> pattern_;
  std::vector<std::string> in_, not_in_;
  WellKnown well_known_ = WellKnown::none;
  int regex_ = 0;  // buf.validate.KnownRegex
  bool strict_ = true;
};

class BytesRules {
 public:
  enum class Format : std::uint8_t { none = 0, ip = 10, ipv4 = 11, ipv6 = 12, uuid = 15 };
  BytesRules& const_(std::string value) { return constant_ = std::move(value), *this; }
  BytesRules& len(std::uint64_t n) { return len_ = n, *this; }
  BytesRules& min_len(std::uint64_t n) { return min_len_ = n, *this; }
  BytesRules& max_len(std::uint64_t n) { return max_len_ = n, *this; }
  BytesRules& pattern(std::string_view text) { return pattern_.emplace(text), *this; }
  BytesRules& prefix(std::string bytes) { return prefix_ = std::move(bytes), *this; }
  BytesRules& suffix(std::string bytes) { return suffix_ = std::move(bytes), *this; }
  BytesRules& contains(std::string bytes) { return contains_ = std::move(bytes), *this; }
  BytesRules& in(std::vector<std::string> values) { return in_ = std::move(values), *this; }
  BytesRules& not_in(std::vector<std::string> values) { return not_in_ = std::move(values), *this; }
  BytesRules& format(Format which) { return format_ = which, *this; }

  void check(std::string_view value, const Where& where) const;

 private:
  void check_format(std::string_view value, const Where& where) const;

  std::optional<std::string> constant_, prefix_, suffix_, contains_;
  std::optional<std::uint64_t> len_, min_len_, max_len_;
  std::optional<Pattern> pattern_;
  std::vector<std::string> in_, not_in_;
  Format format_ = Format::none;
};

}  // namespace pintle::validate

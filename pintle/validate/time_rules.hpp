// The rules of times, and of other well-known types: buf.validate.DurationRules, TimestampRules, AnyRules,
// FieldMaskRules.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <pintle/validate/number_rules.hpp>
#include <pintle/validate/report.hpp>

namespace pintle::validate {

// A google.protobuf.Duration or Timestamp.
struct Moment {
  Moment(std::int64_t s, std::int32_t n) : seconds(s), nanos(n) {}
  std::int64_t seconds;
  std::int32_t nanos;
  friend auto operator<=>(const Moment&, const Moment&) = default;
};

class DurationRules {
 public:
  DurationRules& const_(Moment value) { return constant_ = value, *this; }
  DurationRules& lt(Moment value) { return bounds_.lt = value, *this; }
  DurationRules& lte(Moment value) { return bounds_.lte = value, *this; }
  DurationRules& gt(Moment value) { return bounds_.gt = value, *this; }
  DurationRules& gte(Moment value) { return bounds_.gte = value, *this; }
  DurationRules& in(std::vector<Moment> values) { return in_ = std::move(values), *this; }
  DurationRules& not_in(std::vector<Moment> values) { return not_in_ = std::move(values), *this; }
  void check(Moment value, const Where& where) const;

 private:
  std::optional<Moment> constant_;
  Bounds<Moment> bounds_;
  std::vector<Moment> in_, not_in_;
};

class TimestampRules {
 public:
  TimestampRules& const_(Moment value) { return constant_ = value, *this; }
  TimestampRules& lt(Moment value) { return bounds_.lt = value, *this; }
  TimestampRules& lte(Moment value) { return bounds_.lte = value, *this; }
  TimestampRules& gt(Moment value) { return bounds_.gt = value, *this; }
  TimestampRules& gte(Moment value) { return bounds_.gte = value, *this; }
  TimestampRules& lt_now(bool yes) { return lt_now_ = yes, *this; }
  TimestampRules& gt_now(bool yes) { return gt_now_ = yes, *this; }
  TimestampRules& within(Moment value) { return within_ = value, *this; }
  void check(Moment value, const Where& where) const;

 private:
  std::optional<Moment> constant_, within_;
  Bounds<Moment> bounds_;
  bool lt_now_ = false, gt_now_ = false;
};

class AnyRules {
 public:
  AnyRules& in(std::vector<std::string> urls) { return in_ = std::move(urls), *this; }
  AnyRules& not_in(std::vector<std::string> urls) { return not_in_ = std::move(urls), *this; }
  void check(std::string_view type_url, const Where& where) const;

 private:
  std::vector<std::string> in_, not_in_;
};

class FieldMaskRules {
 public:
  FieldMaskRules& const_(std::vector<std::string> paths) { return constant_ = std::move(paths), *this; }
  FieldMaskRules& in(std::vector<std::string> paths) { return in_ = std::move(paths), *this; }
  FieldMaskRules& not_in(std::vector<std::string> paths) { return not_in_ = std::move(paths), *this; }
  // The paths of the mask.
  template <class Paths>
  void check(const Paths& paths, const Where& where) const {
    check_paths({paths.begin(), paths.end()}, where);
  }

 private:
  void check_paths(const std::vector<std::string>& paths, const Where& where) const;
  std::optional<std::vector<std::string>> constant_;
  std::vector<std::string> in_, not_in_;
};

}  // namespace pintle::validate

template <>
struct fmt::formatter<pintle::validate::Moment> : fmt::formatter<std::string_view> {
  auto format(const pintle::validate::Moment& m, format_context& context) const {
    return m.nanos == 0 ? fmt::format_to(context.out(), "{}s", m.seconds)
                        : fmt::format_to(context.out(), "{}.{:09}s", m.seconds, m.nanos < 0 ? -m.nanos : m.nanos);
  }
};

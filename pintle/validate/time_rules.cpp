#include <pintle/validate/time_rules.hpp>

#include <algorithm>
#include <chrono>

#include <fmt/ranges.h>

namespace pintle::validate {

namespace {

constexpr Step kDuration{21, "duration", FieldType::message}, kTimestamp{22, "timestamp", FieldType::message},
    kAny{20, "any", FieldType::message}, kFieldMask{28, "field_mask", FieldType::message};
constexpr std::int32_t kBillion = 1'000'000'000;

bool has(const auto& list, const auto& value) { return std::ranges::find(list, value) != list.end(); }

Moment plus(Moment a, Moment b) {
  std::int64_t seconds = 0;
  std::int64_t nanos = std::int64_t{a.nanos} + b.nanos;
  if (__builtin_add_overflow(a.seconds, b.seconds, &seconds)) seconds = a.seconds < 0 ? INT64_MIN / 2 : INT64_MAX / 2;
  if (nanos < 0) nanos += kBillion, --seconds;
  if (nanos >= kBillion) nanos -= kBillion, ++seconds;
  return {seconds, static_cast<std::int32_t>(nanos)};
}

Moment minus(Moment a, Moment b) { return plus(a, {-b.seconds, -b.nanos}); }

Moment now_of(const Report& report) {
  const auto since = report.now().time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  return {seconds.count(), static_cast<std::int32_t>((since - seconds).count())};
}

// A mask's path is one of the list, or lies below one.
bool covers(const std::vector<std::string>& list, const std::string& path) {
  return std::ranges::any_of(list, [&](const std::string& one) { return path == one || path.starts_with(one + "."); });
}

}  // namespace

void DurationRules::check(Moment value, const Where& where) const {
  if (constant_ && value != *constant_)
    fail(where, kDuration, {2, "const", FieldType::message}, "duration.const",
         fmt::format("must equal {}", *constant_));
  bounds_.check(value, where, kDuration, FieldType::message, {3, 4, 5, 6});
  if (!in_.empty() && !has(in_, value))
    fail(where, kDuration, {7, "in", FieldType::message}, "duration.in",
         fmt::format("must be in list [{}]", fmt::join(in_, ", ")));
  if (has(not_in_, value))
    fail(where, kDuration, {8, "not_in", FieldType::message}, "duration.not_in",
         fmt::format("must not be in list [{}]", fmt::join(not_in_, ", ")));
}

void TimestampRules::check(Moment value, const Where& where) const {
  if (constant_ && value != *constant_)
    fail(where, kTimestamp, {2, "const", FieldType::message}, "timestamp.const",
         fmt::format("must equal {}", *constant_));
  bounds_.check(value, where, kTimestamp, FieldType::message, {3, 4, 5, 6});
  if (!lt_now_ && !gt_now_ && !within_) return;
  const Moment now = now_of(where.report);
  if (lt_now_ && value > now)
    fail(where, kTimestamp, {7, "lt_now", FieldType::boolean}, "timestamp.lt_now", "must be less than now");
  if (gt_now_ && value < now)
    fail(where, kTimestamp, {8, "gt_now", FieldType::boolean}, "timestamp.gt_now", "must be greater than now");
  if (within_ && (value < minus(now, *within_) || value > plus(now, *within_)))
    fail(where, kTimestamp, {9, "within", FieldType::message}, "timestamp.within",
         fmt::format("must be within {} of now", *within_));
}

void AnyRules::check(std::string_view type_url, const Where& where) const {
  if (!in_.empty() && !has(in_, type_url))
    fail(where, kAny, {2, "in", FieldType::string}, "any.in", "type URL must be in the allow list");
  if (has(not_in_, type_url))
    fail(where, kAny, {3, "not_in", FieldType::string}, "any.not_in", "type URL must not be in the block list");
}

void FieldMaskRules::check_paths(const std::vector<std::string>& paths, const Where& where) const {
  if (constant_ && paths != *constant_)
    fail(where, kFieldMask, {1, "const", FieldType::message}, "field_mask.const",
         fmt::format("must equal paths [{}]", fmt::join(*constant_, ", ")));
  if (!in_.empty() && !std::ranges::all_of(paths, [&](const std::string& p) { return covers(in_, p); }))
    fail(where, kFieldMask, {2, "in", FieldType::string}, "field_mask.in",
         fmt::format("must only contain paths in [{}]", fmt::join(in_, ", ")));
  if (std::ranges::any_of(paths, [&](const std::string& p) { return covers(not_in_, p); }))
    fail(where, kFieldMask, {3, "not_in", FieldType::string}, "field_mask.not_in",
         fmt::format("must not contain any paths in [{}]", fmt::join(not_in_, ", ")));
}

}  // namespace pintle::validate

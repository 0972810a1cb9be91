// The rules of numbers: buf.validate.Int32Rules and its eleven like.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <pintle/validate/report.hpp>

namespace pintle::validate {

// Bounds and what they say, for all that has an order: numbers, durations, timestamps. `T` has the operators and is
// formatted by fmt.
template <class T>
class Bounds {
 public:
  std::optional<T> lt, lte, gt, gte;

  // The numbers of lt, lte, gt and gte in the rules' message.
  struct Numbers {
    int lt, lte, gt, gte;
  };
  void check(const T& value, const Where& where, const Step& kind, FieldType type, Numbers numbers) const {
    const bool lower = gt || gte, upper = lt || lte;
    if (!lower && !upper) return;
    const bool above = !lower || (gt ? value > *gt : value >= *gte);
    const bool below = !upper || (lt ? value < *lt : value <= *lte);
    // Bounds that exclude each other mean what lies outside of them.
    const bool outside = lower && upper && (lt ? *lt : *lte) < (gt ? *gt : *gte);
    if (is_a_number(value) && (outside ? above || below : above && below)) return;
    const std::string_view low = gt ? "gt" : "gte", high = lt ? "lt" : "lte";
    const Step rule =
        lower ? Step(gt ? numbers.gt : numbers.gte, low, type) : Step(lt ? numbers.lt : numbers.lte, high, type);
    std::string id = std::string(kind.name) + "." + std::string(lower ? low : high);
    std::string text = lower ? lower_text() : upper_text();
    if (lower && upper) {
      id += "_" + std::string(high) + (outside ? "_exclusive" : "");
      text += (outside ? " or " : " and ") + upper_text();
    }
    fail(where, kind, rule, std::move(id), "must be " + text);
  }

 private:
  static bool is_a_number(const T& value) {
    if constexpr (std::is_floating_point_v<T>) return !std::isnan(value);
    return true;
  }
  std::string lower_text() const {
    return gt ? fmt::format("greater than {}", *gt) : fmt::format("greater than or equal to {}", *gte);
  }
  std::string upper_text() const {
    return lt ? fmt::format("less than {}", *lt) : fmt::format("less than or equal to {}", *lte);
  }
};

// What distinguishes the twelve: Step{3, "int32", message} and the type of the value.
struct NumberKind {
  Step step;
  FieldType type;
};

// Fluent, as generated code writes them: `Int32Rules().gt(0).lte(100)`. Immutable from then on; any thread.
template <class T, const NumberKind& Kind>
class NumberRules {
 public:
  NumberRules& const_(T value) { return constant_ = value, *this; }
  NumberRules& lt(T value) { return bounds_.lt = value, *this; }
  NumberRules& lte(T value) { return bounds_.lte = value, *this; }
  NumberRules& gt(T value) { return bounds_.gt = value, *this; }
  NumberRules& gte(T value) { return bounds_.gte = value, *this; }
  NumberRules& in(std::vector<T> values) { return in_ = std::move(values), *this; }
  NumberRules& not_in(std::vector<T> values) { return not_in_ = std::move(values), *this; }
  NumberRules& finite(bool yes) { return finite_ = yes, *this; }

  void check(T value, const Where& where) const {
    if (constant_ && value != *constant_)
      broken(where, 1, "const", Kind.type, fmt::format("must equal {}", *constant_));
    bounds_.check(value, where, Kind.step, Kind.type, {2, 3, 4, 5});
    if (!in_.empty() && std::ranges::find(in_, value) == in_.end())
      broken(where, 6, "in", Kind.type, fmt::format("must be in list [{}]", fmt::join(in_, ", ")));
    if (std::ranges::find(not_in_, value) != not_in_.end())
      broken(where, 7, "not_in", Kind.type, fmt::format("must not be in list [{}]", fmt::join(not_in_, ", ")));
    if constexpr (std::is_floating_point_v<T>)
      if (finite_ && !std::isfinite(value)) broken(where, 8, "finite", FieldType::boolean, "must be finite");
  }

 private:
  static void broken(const Where& where, int number, std::string_view name, FieldType type, std::string message) {
    fail(where, Kind.step, Step(number, name, type), fmt::format("{}.{}", Kind.step.name, name), std::move(message));
  }
  std::optional<T> constant_;
  Bounds<T> bounds_;
  std::vector<T> in_, not_in_;
  bool finite_ = false;
};

inline constexpr NumberKind kFloat{{1, "float", FieldType::message}, FieldType::float32};
inline constexpr NumberKind kDouble{{2, "double", FieldType::message}, FieldType::float64};
inline constexpr NumberKind kInt32{{3, "int32", FieldType::message}, FieldType::int32};
inline constexpr NumberKind kInt64{{4, "int64", FieldType::message}, FieldType::int64};
inline constexpr NumberKind kUInt32{{5, "uint32", FieldType::message}, FieldType::uint32};
inline constexpr NumberKind kUInt64{{6, "uint64", FieldType::message}, FieldType::uint64};
inline constexpr NumberKind kSInt32{{7, "sint32", FieldType::message}, FieldType::sint32};
inline constexpr NumberKind kSInt64{{8, "sint64", FieldType::message}, FieldType::sint64};
inline constexpr NumberKind kFixed32{{9, "fixed32", FieldType::message}, FieldType::fixed32};
inline constexpr NumberKind kFixed64{{10, "fixed64", FieldType::message}, FieldType::fixed64};
inline constexpr NumberKind kSFixed32{{11, "sfixed32", FieldType::message}, FieldType::sfixed32};
inline constexpr NumberKind kSFixed64{{12, "sfixed64", FieldType::message}, FieldType::sfixed64};

using FloatRules = NumberRules<float, kFloat>;
using DoubleRules = NumberRules<double, kDouble>;
using Int32Rules = NumberRules<std::int32_t, kInt32>;
using Int64Rules = NumberRules<std::int64_t, kInt64>;
using UInt32Rules = NumberRules<std::uint32_t, kUInt32>;
using UInt64Rules = NumberRules<std::uint64_t, kUInt64>;
using SInt32Rules = NumberRules<std::int32_t, kSInt32>;
using SInt64Rules = NumberRules<std::int64_t, kSInt64>;
using Fixed32Rules = NumberRules<std::uint32_t, kFixed32>;
using Fixed64Rules = NumberRules<std::uint64_t, kFixed64>;
using SFixed32Rules = NumberRules<std::int32_t, kSFixed32>;
using SFixed64Rules = NumberRules<std::int64_t, kSFixed64>;

}  // namespace pintle::validate

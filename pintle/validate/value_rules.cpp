#include <pintle/validate/value_rules.hpp>

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pintle::validate {

namespace {

constexpr Step kBool{13, "bool", FieldType::message}, kEnum{16, "enum", FieldType::message};

}  // namespace

void BoolRules::check(bool value, const Where& where) const {
  if (constant_ && value != *constant_)
    fail(where, kBool, {1, "const", FieldType::boolean}, "bool.const", fmt::format("must equal {}", *constant_));
}

void EnumRules::check(int value, const Where& where) const {
  if (constant_ && value != *constant_)
    fail(where, kEnum, {1, "const", FieldType::int32}, "enum.const", fmt::format("must equal {}", *constant_));
  if (is_defined_ != nullptr && !is_defined_(value))
    fail(where, kEnum, {2, "defined_only", FieldType::boolean}, "enum.defined_only",
         "value must be one of the defined enum values");
  if (!in_.empty() && std::ranges::find(in_, value) == in_.end())
    fail(where, kEnum, {3, "in", FieldType::int32}, "enum.in",
         fmt::format("must be in list [{}]", fmt::join(in_, ", ")));
  if (std::ranges::find(not_in_, value) != not_in_.end())
    fail(where, kEnum, {4, "not_in", FieldType::int32}, "enum.not_in",
         fmt::format("must not be in list [{}]", fmt::join(not_in_, ", ")));
}

}  // namespace pintle::validate

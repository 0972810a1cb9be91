#include <pintle/validate/list_rules.hpp>

#include <fmt/format.h>

namespace pintle::validate {

namespace {

constexpr Step kRepeated{18, "repeated", FieldType::message}, kMap{19, "map", FieldType::message};

}  // namespace

void RepeatedRules::check_size(std::uint64_t size, const Where& where) const {
  if (min_ && size < *min_)
    fail(where, kRepeated, {1, "min_items", FieldType::uint64}, "repeated.min_items",
         fmt::format("must contain at least {} item(s)", *min_));
  if (max_ && size > *max_)
    fail(where, kRepeated, {2, "max_items", FieldType::uint64}, "repeated.max_items",
         fmt::format("must contain no more than {} item(s)", *max_));
}

void RepeatedRules::fail_unique(const Where& where) {
  fail(where, kRepeated, {3, "unique", FieldType::boolean}, "repeated.unique",
       "repeated value must contain unique items");
}

void MapRules::check(std::uint64_t size, const Where& where) const {
  if (min_ && size < *min_)
    fail(where, kMap, {1, "min_pairs", FieldType::uint64}, "map.min_pairs",
         fmt::format("map must be at least {} entries", *min_));
  if (max_ && size > *max_)
    fail(where, kMap, {2, "max_pairs", FieldType::uint64}, "map.max_pairs",
         fmt::format("map must be at most {} entries", *max_));
}

}  // namespace pintle::validate

// Which items a listing is about, and in which order.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "domain/item.hpp"

namespace items {

// An item matches when it matches everything that is set.
struct ItemFilter {
  ItemFilter() = default;
  std::string name_prefix;                    // byte by byte; empty matches all
  std::optional<Money> min_price, max_price;  // bounds included; only items in this currency match
  std::optional<ItemState> state;
  std::optional<std::pair<std::string, std::string>> label;  // has this key with this value
  friend bool operator==(const ItemFilter&, const ItemFilter&) = default;
};

enum class ListOrder : std::uint8_t { oldest_first = 1, newest_first = 2 };

// What a filter means. The stores must agree with it: their tests compare.
bool matches(const ItemFilter& filter, const Item& item);

}  // namespace items

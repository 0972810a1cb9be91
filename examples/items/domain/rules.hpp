// What every item must keep to. The stores rely on it: they are given nothing that breaks a rule.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "domain/errors.hpp"
#include "domain/filter.hpp"
#include "domain/item.hpp"

namespace items {

inline constexpr std::size_t kMaxSku = 64;
inline constexpr std::size_t kMaxName = 200;  // characters, as all sizes of texts here
inline constexpr std::size_t kMaxDescription = 4000;
inline constexpr std::size_t kMaxLabels = 64;
inline constexpr std::size_t kMaxLabelKey = 63;
inline constexpr std::size_t kMaxLabelValue = 256;
inline constexpr std::size_t kMaxTags = 32;
inline constexpr std::size_t kMaxTag = 64;

// Every rule that the owner's part of `item` breaks (id, times and revision are the server's own); fields are named
// below `prefix`: "item." gives "item.sku".
std::vector<Violation> broken_rules(const Item& item, std::string_view prefix);

// The same for what a filter may ask for.
std::vector<Violation> broken_rules(const ItemFilter& filter, std::string_view prefix);

// False for a text that can't be the id of any item: the stores are never asked about it.
bool may_be_id(std::string_view id);

}  // namespace items

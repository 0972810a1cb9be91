// Page tokens: where a listing was left, in a form that clients can only hand back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/filter.hpp"

namespace items {

// Continues behind the item `after` of a listing with this filter and order.
std::string page_token(const ItemId& after, const ItemFilter& filter, ListOrder order);

// The id again; nullopt for a token that we did not make, or made for another filter or order. It guards against
// mistakes, not against malice: a forged token reaches nothing that a listing would not show.
std::optional<ItemId> read_page_token(std::string_view token, const ItemFilter& filter, ListOrder order);

}  // namespace items

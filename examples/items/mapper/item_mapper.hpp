// Between the entity and its message. Nothing is lost silently: what the other side can't hold is a failure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <google/protobuf/field_mask.pb.h>

#include "domain/errors.hpp"
#include "domain/item.hpp"
#include "items/v1/items.pb.h"

namespace items {

// Fails (Fault::database: it is our own data) for a text that is not UTF-8 and for a time outside the years 1 to 9999.
Outcome<v1::Item> to_message(const Item& item);
// The same into a message that is there already.
Outcome<void> fill_message(const Item& item, v1::Item& message);

// A whole item, as a server sent it. validation: an unknown status, a price that is no whole number of millionths or
// too large, a time finer than a microsecond, an etag that is none of ours.
Outcome<Item> to_entity(const v1::Item& message);

// The owner's part of it: no id, no times, no etag. An unspecified status is active; a price must be there. Fields of
// violations are named below `prefix`.
Outcome<Item> draft_of(const v1::Item& message, std::string_view prefix);

// `stored` with the fields that `mask` names taken from `message`; without a path in the mask, those that are set
// there. validation: an unknown path, one that is not the client's to change.
Outcome<Item> edited(const Item& stored, const v1::Item& message, const google::protobuf::FieldMask& mask);

Outcome<Money> to_entity(const v1::Money& message, std::string_view field);
std::optional<ItemState> to_entity(v1::ItemStatus status);

std::string etag_of(Revision revision);
// The revision that a client expects: none for an empty etag; 0, which no item has, for one that we never gave.
std::optional<Revision> expected_revision(std::string_view etag);

}  // namespace items

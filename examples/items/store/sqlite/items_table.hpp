// The statements: how an item becomes rows, and rows an item.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "domain/store.hpp"
#include "store/sqlite/connection.hpp"

// Each runs on the connection that it is given, inside the transaction of whoever calls.
namespace items::sqlite {

Outcome<Item> find(Connection& connection, std::string_view id);
Outcome<Item> find_by_sku(Connection& connection, std::string_view sku);
Outcome<void> insert(Connection& connection, const Item& item);
Outcome<void> replace(Connection& connection, const Item& item);
Outcome<void> remove(Connection& connection, std::string_view id, std::optional<Revision> expected);
Outcome<std::vector<Item>> page(Connection& connection, const PageQuery& query);

}  // namespace items::sqlite

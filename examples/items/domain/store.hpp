// Where items are kept. One contract, three stores; store_contract_test.cpp runs against each of them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "domain/errors.hpp"
#include "domain/filter.hpp"
#include "domain/item.hpp"
#include <pintle/async/task.hpp>

namespace items {

// One page of a listing: at most `size` items that match and come behind `after` (empty: from the start).
struct PageQuery {
  PageQuery() = default;
  ItemFilter filter;
  ListOrder order = ListOrder::oldest_first;
  ItemId after;
  std::size_t size = 50;
};

// Items and filters that are handed in break no rule (rules.hpp); ids and skus may be any text. A change whose task
// gave success is durable: it survives the death of the process. A store may be used from all loops; its tasks run on
// the loop where they are awaited, and take their arguments by value, so nothing need outlive the call. When the call's
// scope ends first the failure is call_over; a change may have happened all the same.
class ItemStore {
 public:
  virtual ~ItemStore() = default;

  // not_found.
  virtual pintle::Task<Outcome<Item>> find(ItemId id) = 0;
  virtual pintle::Task<Outcome<Item>> find_by_sku(std::string sku) = 0;
  // conflict when the sku is taken.
  virtual pintle::Task<Outcome<void>> insert(Item item) = 0;
  // All of them or none; the failure's position() says which item was refused.
  virtual pintle::Task<Outcome<void>> insert_all(std::vector<Item> items) = 0;
  // Stores `item`, whose revision is the next one, in place of its predecessor: not_found, or revision_mismatch when
  // the stored revision is not item.revision - 1. sku and created stay as they are stored.
  virtual pintle::Task<Outcome<void>> replace(Item item) = 0;
  // not_found; revision_mismatch when `expected` is set and not the stored revision.
  virtual pintle::Task<Outcome<void>> remove(ItemId id, std::optional<Revision> expected) = 0;
  // In the order of ids; an empty page is the end.
  virtual pintle::Task<Outcome<std::vector<Item>>> page(PageQuery query) = 0;
  // Can the store answer now? For health.
  virtual pintle::Task<Outcome<void>> ping() = 0;
};

}  // namespace items

// Items in a map: what the other stores are compared with, and what tests of the service use. Nothing outlives it.
#pragma once

#include <map>
#include <mutex>

#include "domain/store.hpp"

namespace items {

// Any loop.
class MemoryStore final : public ItemStore {
 public:
  pintle::Task<Outcome<Item>> find(ItemId id) override;
  pintle::Task<Outcome<Item>> find_by_sku(std::string sku) override;
  pintle::Task<Outcome<void>> insert(Item item) override;
  pintle::Task<Outcome<void>> insert_all(std::vector<Item> items) override;
  pintle::Task<Outcome<void>> replace(Item item) override;
  pintle::Task<Outcome<void>> remove(ItemId id, std::optional<Revision> expected) override;
  pintle::Task<Outcome<std::vector<Item>>> page(PageQuery query) override;
  pintle::Task<Outcome<void>> ping() override;

 private:
  bool has_sku(const std::string& sku) const;

  std::mutex mutex_;
  std::map<ItemId, Item> items_;  // guarded by mutex_
};

}  // namespace items

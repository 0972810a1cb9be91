// The ItemStore over a SQLite file: each operation runs on the loop's worker pool.
#pragma once

#include <memory>
#include <utility>

#include "domain/store.hpp"
#include "store/sqlite/database.hpp"

namespace items {

// Any loop that has workers. It must outlive all its tasks. An operation that has begun is not cut short
// by the end of its call.
class SqliteStore final : public ItemStore {
 public:
  explicit SqliteStore(std::unique_ptr<SqliteDatabase> database) : database_(std::move(database)) {}

  pintle::Task<Outcome<Item>> find(ItemId id) override;
  pintle::Task<Outcome<Item>> find_by_sku(std::string sku) override;
  pintle::Task<Outcome<void>> insert(Item item) override;
  pintle::Task<Outcome<void>> insert_all(std::vector<Item> items) override;
  pintle::Task<Outcome<void>> replace(Item item) override;
  pintle::Task<Outcome<void>> remove(ItemId id, std::optional<Revision> expected) override;
  pintle::Task<Outcome<std::vector<Item>>> page(PageQuery query) override;
  pintle::Task<Outcome<void>> ping() override;

 private:
  std::unique_ptr<SqliteDatabase> database_;
};

}  // namespace items

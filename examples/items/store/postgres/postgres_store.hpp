// The ItemStore over PostgreSQL: statements go out and come back on the call's own loop, no thread waits.
#pragma once

#include "domain/store.hpp"
#include "store/postgres/pool.hpp"

namespace items {

// Any of the loops for which its pool was made. A commit is as durable as the server's synchronous_commit says (on,
// unless somebody has changed it). Destroyed after the runtime was joined, or after close() on each loop that used it.
class PostgresStore final : public ItemStore {
 public:
  PostgresStore(const PostgresOptions& options, std::size_t loops) : options_(options), pool_(options, loops) {}

  // Makes the tables where they are missing; at start, once, on any loop.
  pintle::Task<Outcome<void>> prepare();
  [[clang::coro_wrapper]] pintle::Task<> close() { return pool_.close(); }

  pintle::Task<Outcome<Item>> find(ItemId id) override;
  pintle::Task<Outcome<Item>> find_by_sku(std::string sku) override;
  pintle::Task<Outcome<void>> insert(Item item) override;
  pintle::Task<Outcome<void>> insert_all(std::vector<Item> items) override;
  pintle::Task<Outcome<void>> replace(Item item) override;
  pintle::Task<Outcome<void>> remove(ItemId id, std::optional<Revision> expected) override;
  pintle::Task<Outcome<std::vector<Item>>> page(PageQuery query) override;
  pintle::Task<Outcome<void>> ping() override;

 private:
  pintle::Task<Outcome<Rows>> run(Sql sql, Parameters parameters);
  pintle::Task<Outcome<Item>> find_one(Sql sql, std::string key);
  pintle::Task<Outcome<void>> missed(ItemId id);

  PostgresOptions options_;
  PostgresPool pool_;
};

}  // namespace items

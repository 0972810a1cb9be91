#include <utility>

#include "store/sqlite/sqlite_store.hpp"
#include <pintle/async/blocking.hpp>

namespace items {

using pintle::Task;

namespace {

// The worker pool refused the work, or the call ended before it began; else what came of it.
template <class T>
Outcome<T> flat(pintle::Result<Outcome<T>> result) {
  if (!result) return std::unexpected(Failure::call_over(std::move(result).error()));
  return std::move(*result);
}

}  // namespace

Task<Outcome<Item>> SqliteStore::find(ItemId id) {
  co_return flat(co_await pintle::blocking(&SqliteDatabase::find, database_.get(), std::move(id)));
}

Task<Outcome<Item>> SqliteStore::find_by_sku(std::string sku) {
  co_return flat(co_await pintle::blocking(&SqliteDatabase::find_by_sku, database_.get(), std::move(sku)));
}

Task<Outcome<void>> SqliteStore::insert(Item item) {
  co_return flat(co_await pintle::blocking(&SqliteDatabase::insert, database_.get(), std::move(item)));
}

Task<Outcome<void>> SqliteStore::insert_all(std::vector<Item> items) {
  co_return flat(co_await pintle::blocking(&SqliteDatabase::insert_all, database_.get(), std::move(items)));
}

Task<Outcome<void>> SqliteStore::replace(Item item) {
  co_return flat(co_await pintle::blocking(&SqliteDatabase::replace, database_.get(), std::move(item)));
}

Task<Outcome<void>> SqliteStore::remove(ItemId id, std::optional<Revision> expected) {
  co_return flat(co_await pintle::blocking(&SqliteDatabase::remove, database_.get(), std::move(id), expected));
}

Task<Outcome<std::vector<Item>>> SqliteStore::page(PageQuery query) {
  co_return flat(co_await pintle::blocking(&SqliteDatabase::page, database_.get(), std::move(query)));
}

Task<Outcome<void>> SqliteStore::ping() {
  co_return flat(co_await pintle::blocking(&SqliteDatabase::ping, database_.get()));
}

}  // namespace items

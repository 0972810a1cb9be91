// The database file behind the SQLite store: one connection that writes, several that read. Blocks.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "domain/store.hpp"
#include "store/sqlite/commit_queue.hpp"
#include "store/sqlite/connection.hpp"

namespace items {

struct SqliteOptions {
  SqliteOptions() = default;
  std::string path = "items.db";
  int readers = 4;              // connections; more readers at a time wait for one of them
  int busy_timeout_ms = 5'000;  // how long another process may hold the write lock
};

// The contract of ItemStore, without coroutines: for threads that may wait. Any thread. A change that returned success
// is on the disk.
class SqliteDatabase {
 public:
  // Opens, or makes, the file and brings its tables up to date.
  static Outcome<std::unique_ptr<SqliteDatabase>> open(const SqliteOptions& options);

  Outcome<Item> find(const ItemId& id);
  Outcome<Item> find_by_sku(const std::string& sku);
  Outcome<void> insert(const Item& item);
  Outcome<void> insert_all(const std::vector<Item>& items);
  Outcome<void> replace(const Item& item);
  Outcome<void> remove(const ItemId& id, std::optional<Revision> expected);
  Outcome<std::vector<Item>> page(const PageQuery& query);
  Outcome<void> ping();

  // See Connection::trace. REQUIRES: no other thread uses this database.
  void trace(const std::function<void(std::string_view)>& listener);

 private:
  class Lease;

  SqliteDatabase(std::unique_ptr<Connection> writer, std::vector<std::unique_ptr<Connection>> readers)
      : writer_(std::move(writer)), readers_(std::move(readers)) {}
  // Runs `reading` in a transaction of its own: everything that it reads is of one moment.
  template <class T, class Reading>
  Outcome<T> read(const Reading& reading);

  CommitQueue writer_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> readers_;  // guarded by mutex_: those that nobody uses
};

}  // namespace items

#include <algorithm>
#include <variant>

#include "store/sqlite/database.hpp"
#include "store/sqlite/items_table.hpp"
#include "store/sqlite/migrations.hpp"

namespace items {

// A connection for reading, on loan.
class SqliteDatabase::Lease {
 public:
  explicit Lease(SqliteDatabase& of) : of_(of) {
    std::unique_lock lock(of_.mutex_);
    of_.returned_.wait(lock, [&] { return !of_.readers_.empty(); });
    connection_ = std::move(of_.readers_.back());
    of_.readers_.pop_back();
  }
  Lease(const Lease&) = delete;
  ~Lease() {
    {
      std::lock_guard lock(of_.mutex_);
      of_.readers_.push_back(std::move(connection_));
    }
    of_.returned_.notify_one();
  }
  Connection& connection() { return *connection_; }

 private:
  SqliteDatabase& of_;
  std::unique_ptr<Connection> connection_;
};

Outcome<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(const SqliteOptions& options) {
  auto writer = Connection::open(options.path, Connection::Mode::write, options.busy_timeout_ms);
  if (!writer) return std::unexpected(std::move(writer).error());
  if (Outcome<void> migrated = migrate(**writer); !migrated) return std::unexpected(std::move(migrated).error());
  std::vector<std::unique_ptr<Connection>> readers;
  for (int i = 0; i < std::max(options.readers, 1); ++i) {
    auto reader = Connection::open(options.path, Connection::Mode::read, options.busy_timeout_ms);
    if (!reader) return std::unexpected(std::move(reader).error());
    readers.push_back(std::move(*reader));
  }
  return std::unique_ptr<SqliteDatabase>(new SqliteDatabase(std::move(*writer), std::move(readers)));
}

template <class T, class Reading>
Outcome<T> SqliteDatabase::read(const Reading& reading) {
  Lease lease(*this);
  Connection& connection = lease.connection();
  if (Outcome<void> begun = connection.execute("BEGIN"); !begun) return std::unexpected(std::move(begun).error());
  Outcome<T> result = reading(connection);
  Outcome<void> ended = connection.execute("COMMIT");
  if (result && !ended) return std::unexpected(std::move(ended).error());
  return result;
}

Outcome<Item> SqliteDatabase::find(const ItemId& id) {
  return read<Item>([&](Connection& connection) { return sqlite::find(connection, id); });
}

Outcome<Item> SqliteDatabase::find_by_sku(const std::string& sku) {
  return read<Item>([&](Connection& connection) { return sqlite::find_by_sku(connection, sku); });
}

Outcome<void> SqliteDatabase::insert(const Item& item) {
  return writer_.apply([&](Connection& connection) { return sqlite::insert(connection, item); });
}

Outcome<void> SqliteDatabase::insert_all(const std::vector<Item>& items) {
  return writer_.apply([&](Connection& connection) -> Outcome<void> {
    for (std::size_t i = 0; i < items.size(); ++i)
      if (Outcome<void> done = sqlite::insert(connection, items[i]); !done)
        return std::unexpected(std::move(done).error().at(static_cast<int>(i)));
    return {};
  });
}

Outcome<void> SqliteDatabase::replace(const Item& item) {
  return writer_.apply([&](Connection& connection) { return sqlite::replace(connection, item); });
}

Outcome<void> SqliteDatabase::remove(const ItemId& id, std::optional<Revision> expected) {
  return writer_.apply([&](Connection& connection) { return sqlite::remove(connection, id, expected); });
}

Outcome<std::vector<Item>> SqliteDatabase::page(const PageQuery& query) {
  return read<std::vector<Item>>([&](Connection& connection) { return sqlite::page(connection, query); });
}

Outcome<void> SqliteDatabase::ping() {
  const Outcome<std::monostate> asked = read<std::monostate>([](Connection& connection) -> Outcome<std::monostate> {
    Outcome<Statement> one = connection.statement("SELECT 1 FROM items LIMIT 1");
    if (!one) return std::unexpected(std::move(one).error());
    const Outcome<bool> row = one->step();
    if (!row) return std::unexpected(row.error());
    return std::monostate();
  });
  if (!asked) return std::unexpected(asked.error());
  return {};
}

void SqliteDatabase::trace(const std::function<void(std::string_view)>& listener) {
  writer_.connection().trace(listener);
  for (const auto& reader : readers_) reader->trace(listener);
}

}  // namespace items

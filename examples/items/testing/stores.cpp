#include <stdexcept>
#include <utility>

#include "store/memory/memory_store.hpp"
#include "store/postgres/postgres_store.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "testing/stores.hpp"

namespace items::testing {

std::string_view name_of(StoreKind kind) {
  switch (kind) {
    case StoreKind::memory:
      return "Memory";
    case StoreKind::sqlite:
      return "Sqlite";
    case StoreKind::postgres:
      return "Postgres";
  }
  std::unreachable();
}

namespace {

class MemoryFixture final : public StoreFixture {
 public:
  ItemStore& store() override { return store_; }

 private:
  MemoryStore store_;
};

class SqliteFixture final : public StoreFixture {
 public:
  SqliteFixture() {
    SqliteOptions options;
    options.path = folder_.file("items.db");
    auto opened = SqliteDatabase::open(options);
    if (!opened) throw std::runtime_error(opened.error().message());
    store_ = std::make_unique<SqliteStore>(std::move(*opened));
  }
  ItemStore& store() override { return *store_; }

 private:
  TempFolder folder_;
  std::unique_ptr<SqliteStore> store_;
};

class PostgresFixture final : public StoreFixture {
 public:
  explicit PostgresFixture(Running& running) : running_(running), store_(options(), 1) {
    if (Outcome<void> prepared = running_.wait(store_.prepare()); !prepared)
      throw std::runtime_error(prepared.error().message());
  }
  ~PostgresFixture() override { running_.wait(store_.close()); }
  ItemStore& store() override { return store_; }

 private:
  static PostgresOptions options() {
    PostgresOptions options;
    options.dsn = postgres_server().fresh_dsn();
    options.pool_size = 4;
    return options;
  }
  Running& running_;
  PostgresStore store_;
};

}  // namespace

PostgresServer& postgres_server() {
  static PostgresServer server;
  return server;
}

std::unique_ptr<StoreFixture> make_store(StoreKind kind, Running& running) {
  switch (kind) {
    case StoreKind::memory:
      return std::make_unique<MemoryFixture>();
    case StoreKind::sqlite:
      return std::make_unique<SqliteFixture>();
    case StoreKind::postgres:
      return std::make_unique<PostgresFixture>(running);
  }
  std::unreachable();
}

}  // namespace items::testing

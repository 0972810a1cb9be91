#include <iterator>

#include <fmt/core.h>

#include "store/sqlite/migrations.hpp"

namespace items {

namespace {

// A step that was released is never changed: write another one behind it.
constexpr Sql kSteps[] = {
    R"sql(
      BEGIN IMMEDIATE;
      CREATE TABLE items (
        id TEXT NOT NULL PRIMARY KEY,
        sku TEXT NOT NULL UNIQUE,
        name TEXT NOT NULL,
        description TEXT NOT NULL,
        quantity INTEGER NOT NULL CHECK (quantity >= 0),
        currency TEXT NOT NULL,
        price_micros INTEGER NOT NULL CHECK (price_micros >= 0),
        state INTEGER NOT NULL,
        created INTEGER NOT NULL,
        updated INTEGER NOT NULL,
        revision INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE item_labels (
        item_id TEXT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (item_id, key)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE item_tags (
        item_id TEXT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
        position INTEGER NOT NULL,
        tag TEXT NOT NULL,
        PRIMARY KEY (item_id, position)
      ) STRICT, WITHOUT ROWID;
      PRAGMA user_version = 1;
      COMMIT;
    )sql",
};

Outcome<std::int64_t> version_of(Connection& connection) {
  Outcome<Statement> asked = connection.statement("PRAGMA user_version");
  if (!asked) return std::unexpected(std::move(asked).error());
  const Outcome<bool> row = asked->step();
  if (!row) return std::unexpected(row.error());
  return asked->read_integer();
}

}  // namespace

Outcome<void> migrate(Connection& connection) {
  constexpr auto kVersion = static_cast<std::int64_t>(std::size(kSteps));
  const Outcome<std::int64_t> version = version_of(connection);
  if (!version) return std::unexpected(version.error());
  if (*version > kVersion)
    return std::unexpected(
        Failure(Fault::database,
                fmt::format("the database has version {}, this program knows {} at most", *version, kVersion)));
  for (std::int64_t step = *version; step < kVersion; ++step) {
    Outcome<void> taken = connection.script(kSteps[step]);
    if (!taken) {
      static_cast<void>(connection.script("ROLLBACK"));
      return taken;
    }
  }
  return {};
}

}  // namespace items

#include <utility>

#include "store/postgres/postgres_store.hpp"

#define ITEM_COLUMNS                                                                                              \
  "id, sku, name, description, quantity, currency, price_micros, state, created, updated, revision, label_keys, " \
  "label_values, tags"

namespace items {

using pintle::Task;

namespace {

// Ids and skus compare byte by byte (collation C), as they do in the other stores. A step that was released is never
// changed: write another one behind it.
constexpr Sql kTables = R"sql(
  BEGIN;
  SELECT pg_advisory_xact_lock(7311021410521);
  CREATE TABLE IF NOT EXISTS items (
    id text COLLATE "C" PRIMARY KEY,
    sku text COLLATE "C" NOT NULL UNIQUE,
    name text COLLATE "C" NOT NULL,
    description text NOT NULL,
    quantity bigint NOT NULL CHECK (quantity >= 0),
    currency text NOT NULL,
    price_micros bigint NOT NULL CHECK (price_micros >= 0),
    state bigint NOT NULL,
    created bigint NOT NULL,
    updated bigint NOT NULL,
    revision bigint NOT NULL,
    label_keys text[] NOT NULL,
    label_values text[] NOT NULL,
    tags text[] NOT NULL
  );
  COMMIT;
)sql";

constexpr Sql kPing = "SELECT 1 FROM items LIMIT 1";
constexpr Sql kFind = "SELECT " ITEM_COLUMNS " FROM items WHERE id = $1";
constexpr Sql kFindBySku = "SELECT " ITEM_COLUMNS " FROM items WHERE sku = $1";
constexpr Sql kRevision = "SELECT revision FROM items WHERE id = $1";
constexpr Sql kInsert = "INSERT INTO items (" ITEM_COLUMNS
                        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
                        " ON CONFLICT (sku) DO NOTHING";
constexpr Sql kUpdate =
    "UPDATE items SET name = $2, description = $3, quantity = $4, currency = $5, price_micros = $6, state = $7,"
    " updated = $8, revision = $9, label_keys = $10, label_values = $11, tags = $12"
    " WHERE id = $1 AND revision = $9 - 1";
constexpr Sql kDelete = "DELETE FROM items WHERE id = $1 AND ($2::bigint IS NULL OR revision = $2)";
constexpr Sql kBegin = "BEGIN";
constexpr Sql kCommit = "COMMIT";
constexpr Sql kRollback = "ROLLBACK";

// One text for all filters: what is not set is bound as NULL.
#define FILTER                                                                                         \
  " AND starts_with(name, $2) AND ($3::text IS NULL OR currency = $3)"                                 \
  " AND ($4::bigint IS NULL OR price_micros >= $4) AND ($5::bigint IS NULL OR price_micros <= $5)"     \
  " AND ($6::bigint IS NULL OR state = $6)"                                                            \
  " AND ($7::text IS NULL OR EXISTS (SELECT 1 FROM unnest(label_keys, label_values) AS l (key, value)" \
  " WHERE l.key = $7 AND l.value = $8))"
constexpr Sql kPageUp = "SELECT " ITEM_COLUMNS " FROM items WHERE id > $1" FILTER " ORDER BY id LIMIT $9";
constexpr Sql kPageDown =
    "SELECT " ITEM_COLUMNS " FROM items WHERE ($1 = '' OR id < $1)" FILTER " ORDER BY id DESC LIMIT $9";

std::int64_t micros(Time time) { return time.time_since_epoch().count(); }

Item read_item(Rows& row) {
  Item item;
  item.id = row.read_text();
  item.sku = row.read_text();
  item.name = row.read_text();
  item.description = row.read_text();
  item.quantity = row.read_integer();
  item.price.currency = row.read_text();
  item.price.micros = row.read_integer();
  item.state = static_cast<ItemState>(row.read_integer());
  item.created = Time(std::chrono::microseconds(row.read_integer()));
  item.updated = Time(std::chrono::microseconds(row.read_integer()));
  item.revision = row.read_integer();
  const std::vector<std::string> keys = row.read_texts();
  std::vector<std::string> values = row.read_texts();
  for (std::size_t i = 0; i < keys.size() && i < values.size(); ++i) item.labels.emplace(keys[i], std::move(values[i]));
  item.tags = row.read_texts();
  return item;
}

std::vector<std::string> keys_of(const Item& item) {
  std::vector<std::string> keys;
  keys.reserve(item.labels.size());
  for (const auto& [key, value] : item.labels) keys.push_back(key);
  return keys;
}

std::vector<std::string> values_of(const Item& item) {
  std::vector<std::string> values;
  values.reserve(item.labels.size());
  for (const auto& [key, value] : item.labels) values.push_back(value);
  return values;
}

Parameters inserted(const Item& item) {
  return Parameters()
      .text(item.id)
      .text(item.sku)
      .text(item.name)
      .text(item.description)
      .integer(item.quantity)
      .text(item.price.currency)
      .integer(item.price.micros)
      .integer(static_cast<std::int64_t>(item.state))
      .integer(micros(item.created))
      .integer(micros(item.updated))
      .integer(item.revision)
      .texts(keys_of(item))
      .texts(values_of(item))
      .texts(item.tags);
}

Parameters replaced(const Item& item) {
  return Parameters()
      .text(item.id)
      .text(item.name)
      .text(item.description)
      .integer(item.quantity)
      .text(item.price.currency)
      .integer(item.price.micros)
      .integer(static_cast<std::int64_t>(item.state))
      .integer(micros(item.updated))
      .integer(item.revision)
      .texts(keys_of(item))
      .texts(values_of(item))
      .texts(item.tags);
}

Parameters asked(const PageQuery& query) {
  const ItemFilter& filter = query.filter;
  const std::optional<Money>& bound = filter.min_price ? filter.min_price : filter.max_price;
  const auto amount = [](const Money& money) { return money.micros; };
  return Parameters()
      .text(query.after)
      .text(filter.name_prefix)
      .optional_text(bound.transform([](const Money& money) { return money.currency; }))
      .optional_integer(filter.min_price.transform(amount))
      .optional_integer(filter.max_price.transform(amount))
      .optional_integer(filter.state.transform([](ItemState state) { return static_cast<std::int64_t>(state); }))
      .optional_text(filter.label.transform([](const auto& label) { return label.first; }))
      .optional_text(filter.label.transform([](const auto& label) { return label.second; }))
      .integer(static_cast<std::int64_t>(query.size));
}

// No text of PostgreSQL's holds one, so no item has such a key; asking would be an error.
bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

}  // namespace

Task<Outcome<Rows>> PostgresStore::run(Sql sql, Parameters parameters) {
  Outcome<PostgresPool::Lease> lease = co_await pool_.lease();
  if (!lease) co_return std::unexpected(std::move(lease).error());
  co_return co_await lease->connection().run(sql, std::move(parameters));
}

Task<Outcome<void>> PostgresStore::prepare() {
  auto connection = co_await PostgresConnection::connect(options_.dsn, options_.connect_timeout);
  if (!connection) co_return std::unexpected(std::move(connection).error());
  co_return co_await (*connection)->script(kTables);
}

Task<Outcome<Item>> PostgresStore::find_one(Sql sql, std::string key) {
  if (has_nul(key)) co_return std::unexpected(Failure::no_item(key));
  Outcome<Rows> rows = co_await run(sql, Parameters().text(key));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  if (rows->count() == 0) co_return std::unexpected(Failure::no_item(key));
  co_return read_item(*rows);
}

Task<Outcome<Item>> PostgresStore::find(ItemId id) { co_return co_await find_one(kFind, std::move(id)); }

Task<Outcome<Item>> PostgresStore::find_by_sku(std::string sku) {
  co_return co_await find_one(kFindBySku, std::move(sku));
}

Task<Outcome<void>> PostgresStore::insert(Item item) {
  Outcome<Rows> done = co_await run(kInsert, inserted(item));
  if (!done) co_return std::unexpected(std::move(done).error());
  if (done->changed() == 0) co_return std::unexpected(Failure::sku_taken(item.sku));
  co_return Outcome<void>();
}

// What ends it early leaves a transaction open: then the connection is closed instead of used again, which undoes it
// all.
Task<Outcome<void>> PostgresStore::insert_all(std::vector<Item> items) {
  Outcome<PostgresPool::Lease> lease = co_await pool_.lease();
  if (!lease) co_return std::unexpected(std::move(lease).error());
  PostgresConnection& connection = lease->connection();
  Outcome<Rows> done = co_await connection.run(kBegin, Parameters());
  for (std::size_t i = 0; done && i < items.size(); ++i) {
    done = co_await connection.run(kInsert, inserted(items[i]));
    if (done && done->changed() == 0) {
      const Outcome<Rows> undone = co_await connection.run(kRollback, Parameters());
      if (!undone) co_return std::unexpected(undone.error());
      co_return std::unexpected(Failure::sku_taken(items[i].sku).at(static_cast<int>(i)));
    }
  }
  if (done) done = co_await connection.run(kCommit, Parameters());
  if (!done) co_return std::unexpected(std::move(done).error());
  co_return Outcome<void>();
}

Task<Outcome<void>> PostgresStore::missed(ItemId id) {
  const Outcome<Rows> rows = co_await run(kRevision, Parameters().text(id));
  if (!rows) co_return std::unexpected(rows.error());
  co_return std::unexpected(rows->count() == 0 ? Failure::no_item(id) : Failure::changed_meanwhile(id));
}

Task<Outcome<void>> PostgresStore::replace(Item item) {
  Outcome<Rows> done = co_await run(kUpdate, replaced(item));
  if (!done) co_return std::unexpected(std::move(done).error());
  if (done->changed() == 0) co_return co_await missed(item.id);
  co_return Outcome<void>();
}

Task<Outcome<void>> PostgresStore::remove(ItemId id, std::optional<Revision> expected) {
  if (has_nul(id)) co_return std::unexpected(Failure::no_item(id));
  Outcome<Rows> done = co_await run(kDelete, Parameters().text(id).optional_integer(expected));
  if (!done) co_return std::unexpected(std::move(done).error());
  if (done->changed() == 0) co_return co_await missed(id);
  co_return Outcome<void>();
}

Task<Outcome<std::vector<Item>>> PostgresStore::page(PageQuery query) {
  Outcome<Rows> rows = co_await run(query.order == ListOrder::oldest_first ? kPageUp : kPageDown, asked(query));
  if (!rows) co_return std::unexpected(std::move(rows).error());
  std::vector<Item> items;
  for (int i = 0; i < rows->count(); ++i) {
    rows->go_to(i);
    items.push_back(read_item(*rows));
  }
  co_return items;
}

Task<Outcome<void>> PostgresStore::ping() {
  const Outcome<Rows> rows = co_await run(kPing, Parameters());
  if (!rows) co_return std::unexpected(rows.error());
  co_return Outcome<void>();
}

}  // namespace items

#include <sqlite3.h>

#include "store/sqlite/items_table.hpp"

#define ITEM_COLUMNS "id, sku, name, description, quantity, currency, price_micros, state, created, updated, revision"

namespace items::sqlite {

namespace {

constexpr Sql kFind = "SELECT " ITEM_COLUMNS " FROM items WHERE id = ?1";
constexpr Sql kFindBySku = "SELECT " ITEM_COLUMNS " FROM items WHERE sku = ?1";
constexpr Sql kRevision = "SELECT revision FROM items WHERE id = ?1";
constexpr Sql kInsert = "INSERT INTO items (" ITEM_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
constexpr Sql kUpdate =
    "UPDATE items SET name = ?2, description = ?3, quantity = ?4, currency = ?5, price_micros = ?6, state = ?7,"
    " updated = ?8, revision = ?9 WHERE id = ?1 AND revision = ?9 - 1";
constexpr Sql kDelete = "DELETE FROM items WHERE id = ?1";
constexpr Sql kDeleteRevision = "DELETE FROM items WHERE id = ?1 AND revision = ?2";

constexpr Sql kLabels = "SELECT key, value FROM item_labels WHERE item_id = ?1";
constexpr Sql kInsertLabel = "INSERT INTO item_labels (item_id, key, value) VALUES (?1, ?2, ?3)";
constexpr Sql kDeleteLabels = "DELETE FROM item_labels WHERE item_id = ?1";
constexpr Sql kTags = "SELECT tag FROM item_tags WHERE item_id = ?1 ORDER BY position";
constexpr Sql kInsertTag = "INSERT INTO item_tags (item_id, position, tag) VALUES (?1, ?2, ?3)";
constexpr Sql kDeleteTags = "DELETE FROM item_tags WHERE item_id = ?1";

// One text for all filters: what is not set is bound as NULL (the name prefix as an empty blob: bytes, not characters).
#define FILTER                                                                     \
  " AND (length(?2) = 0 OR substr(CAST(name AS BLOB), 1, length(?2)) = ?2)"        \
  " AND (?3 IS NULL OR currency = ?3)"                                             \
  " AND (?4 IS NULL OR price_micros >= ?4) AND (?5 IS NULL OR price_micros <= ?5)" \
  " AND (?6 IS NULL OR state = ?6)"                                                \
  " AND (?7 IS NULL OR EXISTS (SELECT 1 FROM item_labels l WHERE l.item_id = id AND l.key = ?7 AND l.value = ?8))"
constexpr Sql kPageUp = "SELECT " ITEM_COLUMNS " FROM items WHERE id > ?1" FILTER " ORDER BY id LIMIT ?9";
constexpr Sql kPageDown = "SELECT " ITEM_COLUMNS " FROM items WHERE id < ?1" FILTER " ORDER BY id DESC LIMIT ?9";

std::int64_t micros(Time time) { return time.time_since_epoch().count(); }
Time time_of(std::int64_t count) { return Time(std::chrono::microseconds(count)); }

Item read_item(Statement& row) {
  Item item;
  item.id = row.read_text();
  item.sku = row.read_text();
  item.name = row.read_text();
  item.description = row.read_text();
  item.quantity = row.read_integer();
  item.price.currency = row.read_text();
  item.price.micros = row.read_integer();
  item.state = static_cast<ItemState>(row.read_integer());
  item.created = time_of(row.read_integer());
  item.updated = time_of(row.read_integer());
  item.revision = row.read_integer();
  return item;
}

Outcome<void> read_labels(Connection& connection, Item& item) {
  Outcome<Statement> rows = connection.statement(kLabels);
  if (!rows) return std::unexpected(std::move(rows).error());
  rows->text(item.id);
  for (;;) {
    const Outcome<bool> row = rows->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
    std::string key = rows->read_text();
    item.labels.emplace(std::move(key), rows->read_text());
  }
}

Outcome<void> read_tags(Connection& connection, Item& item) {
  Outcome<Statement> rows = connection.statement(kTags);
  if (!rows) return std::unexpected(std::move(rows).error());
  rows->text(item.id);
  for (;;) {
    const Outcome<bool> row = rows->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return {};
    item.tags.push_back(rows->read_text());
  }
}

Outcome<void> read_lists(Connection& connection, Item& item) {
  if (Outcome<void> labels = read_labels(connection, item); !labels) return labels;
  return read_tags(connection, item);
}

Outcome<void> run(Outcome<Statement>& statement) {
  const Outcome<std::int64_t> done = statement->run();
  if (!done) return std::unexpected(done.error());
  return {};
}

Outcome<void> write_lists(Connection& connection, const Item& item) {
  for (const auto& [key, value] : item.labels) {
    Outcome<Statement> insert_label = connection.statement(kInsertLabel);
    if (!insert_label) return std::unexpected(std::move(insert_label).error());
    insert_label->text(item.id).text(key).text(value);
    if (Outcome<void> done = run(insert_label); !done) return done;
  }
  for (std::size_t i = 0; i < item.tags.size(); ++i) {
    Outcome<Statement> insert_tag = connection.statement(kInsertTag);
    if (!insert_tag) return std::unexpected(std::move(insert_tag).error());
    insert_tag->text(item.id).integer(static_cast<std::int64_t>(i)).text(item.tags[i]);
    if (Outcome<void> done = run(insert_tag); !done) return done;
  }
  return {};
}

Outcome<void> delete_lists(Connection& connection, std::string_view id) {
  for (const Sql sql : {kDeleteLabels, kDeleteTags}) {
    Outcome<Statement> gone = connection.statement(sql);
    if (!gone) return std::unexpected(std::move(gone).error());
    gone->text(id);
    if (Outcome<void> done = run(gone); !done) return done;
  }
  return {};
}

Outcome<Item> find_one(Connection& connection, Sql sql, std::string_view key) {
  Outcome<Statement> found = connection.statement(sql);
  if (!found) return std::unexpected(std::move(found).error());
  const Outcome<bool> row = found->text(key).step();
  if (!row) return std::unexpected(row.error());
  if (!*row) return std::unexpected(Failure::no_item(key));
  Item item = read_item(*found);
  if (Outcome<void> lists = read_lists(connection, item); !lists) return std::unexpected(std::move(lists).error());
  return item;
}

// Why a change that asks for a revision changed nothing.
Outcome<void> missed(Connection& connection, std::string_view id) {
  Outcome<Statement> revision = connection.statement(kRevision);
  if (!revision) return std::unexpected(std::move(revision).error());
  const Outcome<bool> row = revision->text(id).step();
  if (!row) return std::unexpected(row.error());
  return std::unexpected(*row ? Failure::changed_meanwhile(id) : Failure::no_item(id));
}

Statement& bind_optional(Statement& statement, const std::optional<std::int64_t>& value) {
  return value ? statement.integer(*value) : statement.null();
}

void bind_filter(Statement& statement, const ItemFilter& filter) {
  statement.blob(filter.name_prefix);
  const std::optional<Money>& bound = filter.min_price ? filter.min_price : filter.max_price;
  bound ? statement.text(bound->currency) : statement.null();
  bind_optional(statement, filter.min_price.transform([](const Money& m) { return m.micros; }));
  bind_optional(statement, filter.max_price.transform([](const Money& m) { return m.micros; }));
  bind_optional(statement, filter.state.transform([](ItemState s) { return static_cast<std::int64_t>(s); }));
  if (filter.label)
    statement.text(filter.label->first).text(filter.label->second);
  else
    statement.null().null();
}

}  // namespace

Outcome<Item> find(Connection& connection, std::string_view id) { return find_one(connection, kFind, id); }

Outcome<Item> find_by_sku(Connection& connection, std::string_view sku) {
  return find_one(connection, kFindBySku, sku);
}

Outcome<void> insert(Connection& connection, const Item& item) {
  {
    Outcome<Statement> taken = connection.statement(kFindBySku);
    if (!taken) return std::unexpected(std::move(taken).error());
    const Outcome<bool> row = taken->text(item.sku).step();
    if (!row) return std::unexpected(row.error());
    if (*row) return std::unexpected(Failure::sku_taken(item.sku));
  }
  Outcome<Statement> inserting = connection.statement(kInsert);
  if (!inserting) return std::unexpected(std::move(inserting).error());
  inserting->text(item.id).text(item.sku).text(item.name).text(item.description).integer(item.quantity);
  inserting->text(item.price.currency).integer(item.price.micros).integer(static_cast<std::int64_t>(item.state));
  inserting->integer(micros(item.created)).integer(micros(item.updated)).integer(item.revision);
  if (Outcome<void> done = run(inserting); !done) return done;
  return write_lists(connection, item);
}

Outcome<void> replace(Connection& connection, const Item& item) {
  {
    Outcome<Statement> updating = connection.statement(kUpdate);
    if (!updating) return std::unexpected(std::move(updating).error());
    updating->text(item.id).text(item.name).text(item.description).integer(item.quantity).text(item.price.currency);
    updating->integer(item.price.micros).integer(static_cast<std::int64_t>(item.state)).integer(micros(item.updated));
    const Outcome<std::int64_t> changed = updating->integer(item.revision).run();
    if (!changed) return std::unexpected(changed.error());
    if (*changed == 0) return missed(connection, item.id);
  }
  if (Outcome<void> gone = delete_lists(connection, item.id); !gone) return gone;
  return write_lists(connection, item);
}

Outcome<void> remove(Connection& connection, std::string_view id, std::optional<Revision> expected) {
  Outcome<Statement> deleting = connection.statement(expected ? kDeleteRevision : kDelete);
  if (!deleting) return std::unexpected(std::move(deleting).error());
  deleting->text(id);
  if (expected) deleting->integer(*expected);
  const Outcome<std::int64_t> changed = deleting->run();
  if (!changed) return std::unexpected(changed.error());
  if (*changed == 0) return missed(connection, id);
  return {};
}

Outcome<std::vector<Item>> page(Connection& connection, const PageQuery& query) {
  const bool up = query.order == ListOrder::oldest_first;
  Outcome<Statement> rows = connection.statement(up ? kPageUp : kPageDown);
  if (!rows) return std::unexpected(std::move(rows).error());
  if (query.after.empty() && !up)
    rows->blob({});  // every text sorts before a blob
  else
    rows->text(query.after);
  bind_filter(*rows, query.filter);
  rows->integer(static_cast<std::int64_t>(query.size));
  std::vector<Item> items;
  for (;;) {
    const Outcome<bool> row = rows->step();
    if (!row) return std::unexpected(row.error());
    if (!*row) return items;
    items.push_back(read_item(*rows));
    if (Outcome<void> lists = read_lists(connection, items.back()); !lists)
      return std::unexpected(std::move(lists).error());
  }
}

}  // namespace items::sqlite

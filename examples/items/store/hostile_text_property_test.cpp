// What clients send is never part of a statement: whatever the texts are, each store answers as the one in memory does,
// and SQLite runs no statement but ours.
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "store/memory/memory_store.hpp"
#include "store/sqlite/database.hpp"
#include "testing/generators.hpp"
#include "testing/stores.hpp"

namespace items {
namespace {

using testing::hostile_filter;
using testing::hostile_item;
using testing::hostile_text;

std::vector<Item> hostile_items() {
  const int count = *rc::gen::inRange(0, 6);
  std::vector<Item> items;
  for (int i = 0; i < count; ++i) items.push_back(hostile_item(i));
  return items;
}

std::string key_of(const std::vector<Item>& items, std::string Item::* member) {
  if (!items.empty() && *rc::gen::arbitrary<bool>()) return (*rc::gen::elementOf(items)).*member;
  return *hostile_text();
}

PageQuery hostile_query(const std::vector<Item>& items) {
  PageQuery query;
  query.filter = hostile_filter(items);
  query.after = *rc::gen::arbitrary<bool>() ? std::string() : key_of(items, &Item::id);
  query.order = *rc::gen::element(ListOrder::oldest_first, ListOrder::newest_first);
  query.size = *rc::gen::inRange<std::size_t>(1, 10);
  return query;
}

template <class T>
void same(const Outcome<T>& real, const Outcome<T>& model) {
  if (!real && model) RC_FAIL(real.error().message());
  RC_ASSERT(real.has_value() == model.has_value());
  if (!model) {
    RC_ASSERT(real.error().fault() == model.error().fault());
    RC_ASSERT(real.error().position() == model.error().position());
  } else if constexpr (!std::is_void_v<T>) {
    RC_ASSERT(*real == *model);
  }
}

// The same operations on both; one database serves all cases, emptied in between.
class HostileText : public ::testing::Test {
 protected:
  void check(testing::StoreKind kind) {
    const auto fixture = testing::make_store(kind, running_);
    ItemStore& real = fixture->store();
    EXPECT_TRUE(
        rc::check(std::string("stores answer hostile texts as the model does: ") + std::string(testing::name_of(kind)),
                  [&] { one_case(real); }));
  }

 private:
  void one_case(ItemStore& real) {
    MemoryStore model;
    PageQuery all;
    all.size = 100;
    for (const Item& item : running_.wait(real.page(all)).value())
      static_cast<void>(running_.wait(real.remove(item.id, std::nullopt)));
    const auto both = [&](const auto& ask) { same(ask(real), ask(static_cast<ItemStore&>(model))); };
    const std::vector<Item> items = hostile_items();
    const std::string id = key_of(items, &Item::id);
    const std::string sku = key_of(items, &Item::sku);
    const PageQuery query = hostile_query(items);
    Item changed = items.empty() ? hostile_item(9) : *rc::gen::elementOf(items);
    changed.revision = *rc::gen::inRange<Revision>(1, 4);
    changed.name = *hostile_text();
    changed.labels = {{*hostile_text(), *hostile_text()}};
    std::optional<Revision> expected;
    if (*rc::gen::arbitrary<bool>()) expected = *rc::gen::inRange<Revision>(1, 3);

    both([&](ItemStore& store) { return running_.wait(store.insert_all(items)); });
    both([&](ItemStore& store) { return running_.wait(store.find(id)); });
    both([&](ItemStore& store) { return running_.wait(store.find_by_sku(sku)); });
    both([&](ItemStore& store) { return running_.wait(store.page(query)); });
    both([&](ItemStore& store) { return running_.wait(store.replace(changed)); });
    both([&](ItemStore& store) { return running_.wait(store.remove(id, expected)); });
    both([&](ItemStore& store) { return running_.wait(store.page(query)); });
    both([&](ItemStore& store) { return running_.wait(store.page(all)); });
  }

  testing::Running running_;
};

TEST_F(HostileText, PropertyHostileTextsAreOnlyValues_Sqlite) { check(testing::StoreKind::sqlite); }
TEST_F(HostileText, PropertyHostileTextsAreOnlyValues_Postgres) { check(testing::StoreKind::postgres); }

// Every statement that SQLite runs for these operations.
std::set<std::string> statements_of(SqliteDatabase& database, const std::vector<Item>& items, const PageQuery& query) {
  std::set<std::string> run;
  database.trace([&](std::string_view sql) { run.emplace(sql); });
  static_cast<void>(database.insert_all(items));
  for (const Item& item : items) {
    static_cast<void>(database.find(item.id));
    static_cast<void>(database.find_by_sku(item.sku));
    Item next = item;
    ++next.revision;
    static_cast<void>(database.replace(next));
    static_cast<void>(database.remove(item.id, 99));
    static_cast<void>(database.page(query));
    static_cast<void>(database.remove(item.id, std::nullopt));
  }
  return run;
}

TEST(HostileTextInSqlite, PropertyNoStatementIsRunButOurs) {
  testing::TempFolder folder;
  SqliteOptions options;
  options.path = folder.file("items.db");
  const auto database = SqliteDatabase::open(options).value();
  PageQuery tame;
  std::set<std::string> ours =
      statements_of(*database, {testing::some_item("id-1", "tea-1"), testing::some_item("id-2", "tea-1")}, tame);
  ours.merge(statements_of(*database, {testing::some_item("id-1", "tea-1")}, tame));
  tame.order = ListOrder::newest_first;
  ours.merge(statements_of(*database, {testing::some_item("id-1", "tea-1")}, tame));
  ASSERT_GT(ours.size(), 15u);
  EXPECT_TRUE(rc::check("hostile texts lead to the statements of tame ones", [&] {
    const std::vector<Item> items = hostile_items();
    for (const std::string& sql : statements_of(*database, items, hostile_query(items))) RC_ASSERT(ours.contains(sql));
  }));
}

}  // namespace
}  // namespace items

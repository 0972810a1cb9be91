#include <gtest/gtest.h>

#include "store/sqlite/database.hpp"
#include "store/sqlite/items_table.hpp"
#include "store/sqlite/migrations.hpp"
#include "testing/harness.hpp"

namespace items {
namespace {

using testing::some_item;

class Sqlite : public ::testing::Test {
 protected:
  SqliteOptions options() const {
    SqliteOptions options;
    options.path = folder_.file("items.db");
    options.busy_timeout_ms = 0;
    return options;
  }
  std::unique_ptr<SqliteDatabase> open() const { return SqliteDatabase::open(options()).value(); }
  std::unique_ptr<Connection> connect() const {
    return Connection::open(options().path, Connection::Mode::write, 0).value();
  }
  static std::int64_t number(Connection& connection, Sql sql) {
    Statement asked = connection.statement(sql).value();
    EXPECT_TRUE(asked.step().value());
    return asked.read_integer();
  }

  testing::TempFolder folder_;
};

TEST_F(Sqlite, WhatWasStoredIsThereWhenTheFileIsOpenedAgain) {
  const Item item = some_item("id-1", "tea-1");
  ASSERT_TRUE(open()->insert(item));
  EXPECT_EQ(open()->find("id-1").value(), item);
}

TEST_F(Sqlite, ACommitWaitsForTheDisk) {
  const auto connection = connect();
  Statement mode = connection->statement("PRAGMA journal_mode").value();
  ASSERT_TRUE(mode.step().value());
  EXPECT_EQ(mode.read_text(), "wal");
  EXPECT_EQ(number(*connection, "PRAGMA synchronous"), 2);  // FULL
  EXPECT_EQ(number(*connection, "PRAGMA foreign_keys"), 1);
}

TEST_F(Sqlite, TheTablesAreMadeOnce) {
  const auto connection = connect();
  EXPECT_TRUE(migrate(*connection));
  EXPECT_TRUE(migrate(*connection));
  EXPECT_EQ(number(*connection, "PRAGMA user_version"), 1);
}

TEST_F(Sqlite, AFileOfANewerProgramIsRefused) {
  ASSERT_TRUE(connect()->script("PRAGMA user_version = 99"));
  const auto opened = SqliteDatabase::open(options());
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message().find("99"), std::string::npos) << opened.error().message();
}

TEST_F(Sqlite, AFileThatCannotBeOpenedIsAFailureThatNamesIt) {
  SqliteOptions nowhere;
  nowhere.path = folder_.file("no/such/folder/items.db");
  const auto opened = SqliteDatabase::open(nowhere);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault(), Fault::database);
  EXPECT_NE(opened.error().message().find(nowhere.path), std::string::npos);
}

TEST_F(Sqlite, WhileAnotherProcessWritesItIsBusyAndThenNoMore) {
  const auto database = open();
  const auto other = connect();
  ASSERT_TRUE(other->execute("BEGIN IMMEDIATE"));
  const Outcome<void> refused = database->insert(some_item("id-1", "tea-1"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault(), Fault::database_busy);
  EXPECT_TRUE(database->ping());  // reading goes on
  ASSERT_TRUE(other->execute("COMMIT"));
  EXPECT_TRUE(database->insert(some_item("id-1", "tea-1")));
}

TEST_F(Sqlite, AFullDatabaseSaysSoAndLosesNothing) {
  auto connection = connect();
  ASSERT_TRUE(migrate(*connection));
  ASSERT_TRUE(connection->script("PRAGMA max_page_count = 12"));
  CommitQueue queue(std::move(connection));
  int stored = 0;
  Outcome<void> last;
  for (int i = 0; i < 1000 && last; ++i) {
    Item item = some_item("id-" + std::to_string(i), "sku-" + std::to_string(i));
    item.description = std::string(2000, 'x');
    last = queue.apply([&](Connection& c) { return sqlite::insert(c, item); });
    stored += last ? 1 : 0;
  }
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().fault(), Fault::database_full) << last.error().message();
  EXPECT_GT(stored, 0);
  EXPECT_EQ(number(queue.connection(), "SELECT count(*) FROM items"), stored);
  EXPECT_TRUE(queue.apply([&](Connection& c) { return sqlite::remove(c, "id-0", std::nullopt); }));
}

TEST_F(Sqlite, AChangeThatFailsHalfWayLeavesNothing) {
  auto connection = connect();
  ASSERT_TRUE(migrate(*connection));
  CommitQueue queue(std::move(connection));
  const Outcome<void> failed = queue.apply([](Connection& c) -> Outcome<void> {
    EXPECT_TRUE(sqlite::insert(c, some_item("id-1", "tea-1")));
    return std::unexpected(Failure::sku_taken("tea-2"));
  });
  EXPECT_EQ(failed.error().fault(), Fault::conflict);
  EXPECT_EQ(number(queue.connection(), "SELECT count(*) FROM items"), 0);
}

TEST_F(Sqlite, NothingOfARemovedItemIsLeft) {
  const auto database = open();
  ASSERT_TRUE(database->insert(some_item("id-1", "tea-1")));
  ASSERT_TRUE(database->remove("id-1", std::nullopt));
  const auto connection = connect();
  EXPECT_EQ(number(*connection, "SELECT count(*) FROM item_labels"), 0);
  EXPECT_EQ(number(*connection, "SELECT count(*) FROM item_tags"), 0);
}

TEST_F(Sqlite, AStatementIsPreparedOnceForEachConnection) {
  const auto connection = connect();
  ASSERT_TRUE(migrate(*connection));
  EXPECT_FALSE(sqlite::find(*connection, "a"));
  const std::size_t prepared = connection->prepared();
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(sqlite::find(*connection, std::to_string(i)));
  EXPECT_EQ(connection->prepared(), prepared);
}

}  // namespace
}  // namespace items

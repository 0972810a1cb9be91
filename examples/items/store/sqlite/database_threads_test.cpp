#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "store/sqlite/database.hpp"
#include "testing/harness.hpp"

namespace items {
namespace {

// A writer adds to two items in one batch; readers, more of them than connections, must never see one without the
// other.
TEST(SqliteThreads, ReadersSeeWholeTransactions) {
  testing::TempFolder folder;
  SqliteOptions options;
  options.path = folder.file("items.db");
  options.readers = 2;
  const auto database = SqliteDatabase::open(options).value();
  constexpr int kReaders = 5;
  std::atomic<bool> done = false;
  std::latch start(kReaders + 1);
  std::vector<std::thread> readers;
  for (int i = 0; i < kReaders; ++i) {
    readers.emplace_back([&] {
      start.arrive_and_wait();
      PageQuery all;
      all.size = 1000;
      std::size_t last = 0;
      do {
        const Outcome<std::vector<Item>> page = database->page(all);
        ASSERT_TRUE(page) << page.error().message();
        EXPECT_EQ(page->size() % 2, 0u);
        EXPECT_GE(page->size(), last);
        last = page->size();
        for (const Item& item : *page) EXPECT_EQ(item.tags.size(), 2u);
      } while (!done);
    });
  }
  start.arrive_and_wait();
  for (int i = 0; i < 40; ++i) {
    const std::string name = fmt::format("{:03}", i);
    EXPECT_TRUE(database->insert_all(
        {testing::some_item("a" + name, "sku-a" + name), testing::some_item("b" + name, "sku-b" + name)}));
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace items

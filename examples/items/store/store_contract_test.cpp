// The contract of ItemStore, kept by every store.
#include <memory>
#include <optional>

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/store.hpp"
#include "testing/harness.hpp"
#include "testing/stores.hpp"
#include <pintle/async/nursery.hpp>

namespace items {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::some_item;

class StoreContract : public ::testing::TestWithParam<testing::StoreKind> {
 protected:
  StoreContract() : fixture_(testing::make_store(GetParam(), running_)) {}

  template <class T>
  T wait(pintle::Task<T> task) {
    return running_.wait(std::move(task));
  }
  ItemStore& store() { return fixture_->store(); }
  void add(const Item& item) { ASSERT_TRUE(wait(store().insert(item))); }
  std::vector<std::string> skus(PageQuery query) {
    std::vector<std::string> result;
    const Outcome<std::vector<Item>> page = wait(store().page(std::move(query)));
    if (!page) {
      ADD_FAILURE() << page.error().message();
      return result;
    }
    for (const Item& item : *page) result.push_back(item.sku);
    return result;
  }
  static Item numbered(int number) { return some_item(fmt::format("id-{:03}", number), fmt::format("sku-{}", number)); }

  testing::Running running_;
  std::unique_ptr<testing::StoreFixture> fixture_;
};

template <class T>
std::optional<Fault> fault_of(const Outcome<T>& outcome) {
  if (outcome) return std::nullopt;
  return outcome.error().fault();
}

TEST_P(StoreContract, WhatWasInsertedIsFoundAsItWas) {
  Item item = numbered(1);
  item.name = "'; DROP TABLE items; -- ☺";
  item.description = "a\r\n\t\"b\" %_\\ $1 ?1 {x}";
  item.labels = {{"a", ""}, {"b", R"(\N {null} "x", 'y')"}};
  item.tags = {"z", "a,b", "{}", "NULL", "\"q\"", "back\\slash"};
  item.quantity = INT64_MAX;
  item.price = Money("JPY", INT64_MAX);
  item.state = ItemState::archived;
  item.updated += std::chrono::microseconds(1);
  add(item);
  const Outcome<Item> found = wait(store().find(item.id));
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(*found, item);
  const Outcome<Item> by_sku = wait(store().find_by_sku(item.sku));
  ASSERT_TRUE(by_sku);
  EXPECT_EQ(*by_sku, item);
}

TEST_P(StoreContract, AnItemWithoutListsIsFoundAsItWas) {
  Item item = numbered(1);
  item.labels.clear();
  item.tags.clear();
  item.description.clear();
  add(item);
  EXPECT_EQ(wait(store().find(item.id)).value(), item);
}

TEST_P(StoreContract, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(fault_of(wait(store().find("nobody"))), Fault::not_found);
  EXPECT_EQ(fault_of(wait(store().find_by_sku("nobody"))), Fault::not_found);
  EXPECT_EQ(fault_of(wait(store().replace(numbered(1)))), Fault::not_found);
  EXPECT_EQ(fault_of(wait(store().remove("nobody", std::nullopt))), Fault::not_found);
  EXPECT_EQ(fault_of(wait(store().remove("nobody", 1))), Fault::not_found);
}

TEST_P(StoreContract, ASkuIsTakenOnce) {
  add(numbered(1));
  Item second = numbered(2);
  second.sku = "sku-1";
  const Outcome<void> refused = wait(store().insert(second));
  ASSERT_EQ(fault_of(refused), Fault::conflict);
  EXPECT_EQ(refused.error().resource(), "sku-1");
  EXPECT_EQ(fault_of(wait(store().find(second.id))), Fault::not_found);
}

TEST_P(StoreContract, ABatchIsStoredAsAWholeOrNotAtAll) {
  add(numbered(2));
  const Outcome<void> refused = wait(store().insert_all({numbered(0), numbered(1), numbered(2)}));
  ASSERT_EQ(fault_of(refused), Fault::conflict);
  EXPECT_EQ(refused.error().position(), 2);
  EXPECT_EQ(refused.error().resource(), "sku-2");
  EXPECT_THAT(skus(PageQuery()), ElementsAre("sku-2"));

  Item twin = numbered(5);
  twin.sku = "sku-4";
  EXPECT_EQ(fault_of(wait(store().insert_all({numbered(4), twin}))), Fault::conflict);
  EXPECT_THAT(skus(PageQuery()), ElementsAre("sku-2"));

  EXPECT_TRUE(wait(store().insert_all({numbered(0), numbered(1)})));
  EXPECT_THAT(skus(PageQuery()), ElementsAre("sku-0", "sku-1", "sku-2"));
  EXPECT_TRUE(wait(store().insert_all({})));
}

TEST_P(StoreContract, AChangeNeedsTheRevisionBeforeIt) {
  Item item = numbered(1);
  add(item);
  item.revision = 2;
  item.name = "Coffee";
  item.labels = {{"roast", "dark"}};
  item.tags = {};
  item.updated += std::chrono::seconds(1);
  EXPECT_TRUE(wait(store().replace(item)));
  EXPECT_EQ(wait(store().find(item.id)).value(), item);
  EXPECT_EQ(fault_of(wait(store().replace(item))), Fault::revision_mismatch);
  item.revision = 7;
  EXPECT_EQ(fault_of(wait(store().replace(item))), Fault::revision_mismatch);
  EXPECT_EQ(wait(store().find(item.id)).value().revision, 2);
}

TEST_P(StoreContract, ARemovalMayAskForARevision) {
  add(numbered(1));
  EXPECT_EQ(fault_of(wait(store().remove("id-001", 9))), Fault::revision_mismatch);
  EXPECT_TRUE(wait(store().remove("id-001", 1)));
  EXPECT_EQ(fault_of(wait(store().find("id-001"))), Fault::not_found);
  add(numbered(1));
  EXPECT_TRUE(wait(store().remove("id-001", std::nullopt)));
  EXPECT_THAT(skus(PageQuery()), IsEmpty());
}

TEST_P(StoreContract, PagesGoBothWaysWithoutGapOrRepetition) {
  for (const int number : {3, 1, 4, 0, 2}) add(numbered(number));
  PageQuery query;
  query.size = 2;
  EXPECT_THAT(skus(query), ElementsAre("sku-0", "sku-1"));
  query.after = "id-001";
  EXPECT_THAT(skus(query), ElementsAre("sku-2", "sku-3"));
  query.after = "id-003";
  EXPECT_THAT(skus(query), ElementsAre("sku-4"));
  query.after = "id-004";
  EXPECT_THAT(skus(query), IsEmpty());
  query.order = ListOrder::newest_first;
  query.after = "";
  EXPECT_THAT(skus(query), ElementsAre("sku-4", "sku-3"));
  query.after = "id-003";
  EXPECT_THAT(skus(query), ElementsAre("sku-2", "sku-1"));
  query.after = "id-000";
  EXPECT_THAT(skus(query), IsEmpty());
}

TEST_P(StoreContract, APageHoldsWhatMatchesTheFilter) {
  Item tea = numbered(0);
  Item coffee = numbered(1);
  coffee.name = "Coffee";
  coffee.price = Money("EUR", 9'000'000);
  coffee.state = ItemState::draft;
  coffee.labels = {{"colour", "black"}};
  Item dollars = numbered(2);
  dollars.name = "Teapot %";
  dollars.price = Money("USD", 5'000'000);
  dollars.labels.clear();
  for (const Item& item : {tea, coffee, dollars}) add(item);

  const auto listed = [&](const ItemFilter& filter) {
    PageQuery query;
    query.filter = filter;
    return skus(query);
  };
  ItemFilter filter;
  filter.name_prefix = "Tea";
  EXPECT_THAT(listed(filter), ElementsAre("sku-0", "sku-2"));
  filter.name_prefix = "tea";
  EXPECT_THAT(listed(filter), IsEmpty());
  filter.name_prefix = "%";
  EXPECT_THAT(listed(filter), IsEmpty());
  filter = {};
  filter.min_price = Money("EUR", 4'990'001);
  EXPECT_THAT(listed(filter), ElementsAre("sku-1"));
  filter.min_price = Money("EUR", 4'990'000);
  filter.max_price = Money("EUR", 8'999'999);
  EXPECT_THAT(listed(filter), ElementsAre("sku-0"));
  filter = {};
  filter.max_price = Money("USD", 5'000'000);
  EXPECT_THAT(listed(filter), ElementsAre("sku-2"));
  filter = {};
  filter.state = ItemState::draft;
  EXPECT_THAT(listed(filter), ElementsAre("sku-1"));
  filter = {};
  filter.label.emplace("colour", "green");
  EXPECT_THAT(listed(filter), ElementsAre("sku-0"));
  filter.label.emplace("colour", "");
  EXPECT_THAT(listed(filter), IsEmpty());
}

TEST_P(StoreContract, ManyWritersAtOnceGiveEachTheirOwnAnswer) {
  constexpr int kWriters = 32;
  std::vector<Outcome<void>> outcomes(kWriters);
  const auto write_all = [&]() -> pintle::Task<> {
    const pintle::Env env = co_await pintle::current_env();
    pintle::Nursery nursery;
    for (int i = 0; i < kWriters; ++i) {
      Item item = numbered(i);
      item.sku = fmt::format("shared-{}", i / 2);  // every second one comes too late
      nursery.spawn(env, store().insert(item), &outcomes[static_cast<std::size_t>(i)]);
    }
    co_await nursery.join();
  };
  running_.wait(write_all());
  int stored = 0;
  int refused = 0;
  for (const Outcome<void>& outcome : outcomes) {
    stored += outcome ? 1 : 0;
    refused += fault_of(outcome) == Fault::conflict ? 1 : 0;
  }
  EXPECT_EQ(stored, kWriters / 2);
  EXPECT_EQ(refused, kWriters / 2);
  PageQuery query;
  query.size = 100;
  EXPECT_EQ(skus(query).size(), kWriters / 2);
}

TEST_P(StoreContract, OfManyChangesOfOneRevisionOneIsStored) {
  add(numbered(1));
  constexpr int kWriters = 16;
  std::vector<Outcome<void>> outcomes(kWriters);
  const auto change_all = [&]() -> pintle::Task<> {
    const pintle::Env env = co_await pintle::current_env();
    pintle::Nursery nursery;
    for (int i = 0; i < kWriters; ++i) {
      Item item = numbered(1);
      item.revision = 2;
      item.quantity = i;
      nursery.spawn(env, store().replace(item), &outcomes[static_cast<std::size_t>(i)]);
    }
    co_await nursery.join();
  };
  running_.wait(change_all());
  int winner = -1;
  for (int i = 0; i < kWriters; ++i) {
    const Outcome<void>& outcome = outcomes[static_cast<std::size_t>(i)];
    if (outcome) {
      EXPECT_EQ(winner, -1) << "two changes of one revision were acknowledged";
      winner = i;
    } else {
      EXPECT_EQ(fault_of(outcome), Fault::revision_mismatch) << outcome.error().message();
    }
  }
  EXPECT_EQ(wait(store().find("id-001")).value().quantity, winner);
}

TEST_P(StoreContract, AnswersAPing) { EXPECT_TRUE(wait(store().ping())); }

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract, ::testing::ValuesIn(testing::kStoreKinds),
                         [](const auto& param) { return std::string(testing::name_of(param.param)); });

}  // namespace
}  // namespace items

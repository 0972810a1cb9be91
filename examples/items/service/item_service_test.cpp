// The service as its callers see it: through a stub, over the handlers, without a wire. The store is the one in memory.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <google/rpc/error_details.pb.h>
#include <gtest/gtest.h>

#include "service/item_service.hpp"
#include "store/memory/memory_store.hpp"
#include "testing/harness.hpp"
#include <pintle/middleware/validation/validation_layer.hpp>
#include <pintle/rpc/details.hpp>
#include <pintle/testing/kit/direct_channel.hpp>

namespace items {
namespace {

using pintle::Code;
using pintle::Status;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

template <class T>
Status status_of(const pintle::Result<T>& result) {
  return result ? Status() : result.error();
}

std::vector<std::string> fields_of(const Status& status) {
  std::vector<std::string> fields;
  const auto bad = pintle::detail_of<google::rpc::BadRequest>(status);
  if (!bad) return fields;
  for (const auto& violation : bad->field_violations()) fields.push_back(violation.field());
  return fields;
}

std::string reason_of(const Status& status) {
  const auto info = pintle::detail_of<google::rpc::ErrorInfo>(status);
  return info ? info->reason() + "@" + info->domain() : "no ErrorInfo";
}

class ItemService : public ::testing::Test {
 protected:
  ItemService()
      : ids_([this] { return time_.now; }, testing::Counting()),
        catalogue_(store_, ids_, [this] { return time_.now; }),
        server_(catalogue_, limits(), pintle::Logger()),
        stub_(std::make_shared<pintle::testing::DirectChannel>(server_, running_.runtime.loop(0), layers())) {}

  // The rules in the .proto stand before the service wherever it runs.
  static std::vector<std::shared_ptr<const pintle::Layer>> layers() {
    return {std::make_shared<pintle::ValidationLayer>()};
  }

  static ServiceLimits limits() {
    ServiceLimits limits;
    limits.max_batch = 3;
    return limits;
  }
  static v1::CreateItemRequest request(const std::string& sku) {
    v1::CreateItemRequest create;
    v1::Item& item = *create.mutable_item();
    item.set_sku(sku);
    item.set_name("Tea");
    item.set_quantity(3);
    item.mutable_price()->set_currency_code("EUR");
    item.mutable_price()->set_units(4);
    return create;
  }
  v1::Item create(const std::string& sku) { return stub_.CreateItem(request(sku)).value(); }
  pintle::Result<v1::Item> get(const std::string& id) {
    v1::GetItemRequest get;
    get.set_id(id);
    return stub_.GetItem(get);
  }
  std::vector<v1::ListItemsResponse> list(const v1::ListItemsRequest& asked) {
    std::vector<v1::ListItemsResponse> pages;
    auto stream = stub_.ListItems(asked);
    for (;;) {
      auto page = stream.read();
      if (!page) ADD_FAILURE() << page.error().to_string();
      if (!page || *page == nullptr) return pages;
      pages.push_back(**page);
    }
  }
  static std::vector<std::string> skus(const std::vector<v1::ListItemsResponse>& pages) {
    std::vector<std::string> result;
    for (const auto& page : pages)
      for (const auto& item : page.items()) result.push_back(item.sku());
    return result;
  }

  testing::StillTime time_;
  testing::Running running_;
  MemoryStore store_;
  IdSource ids_;
  Catalogue catalogue_;
  ItemServer server_;
  v1::ItemService::BlockingStub stub_;
};

TEST_F(ItemService, GivesWhatWasCreated) {
  const v1::Item created = create("tea-1");
  EXPECT_EQ(created.status(), v1::ITEM_STATUS_ACTIVE);
  EXPECT_EQ(created.create_time().seconds(), 1'767'323'045);
  EXPECT_FALSE(created.etag().empty());
  EXPECT_EQ(get(created.id())->SerializeAsString(), created.SerializeAsString());
}

TEST_F(ItemService, AnIdThatNobodyHasIsNotFoundWhateverItLooksLike) {
  for (const std::string id : {"01890000-0000-7000-8000-000000000000", "x' OR '1'='1", "1"}) {
    const Status status = status_of(get(id));
    EXPECT_EQ(status.code(), Code::not_found) << id;
    EXPECT_EQ(pintle::detail_of<google::rpc::ResourceInfo>(status)->resource_name(), id);
    EXPECT_EQ(reason_of(status), "ITEM_NOT_FOUND@items.pintle.dev");
  }
  EXPECT_THAT(fields_of(status_of(get(""))), ElementsAre("id"));
}

TEST_F(ItemService, EveryBrokenRuleIsNamed) {
  v1::CreateItemRequest broken = request("no blanks!");
  broken.mutable_item()->clear_name();
  broken.mutable_item()->set_quantity(-1);
  broken.mutable_item()->mutable_price()->set_units(-1);
  const Status status = status_of(stub_.CreateItem(broken));
  EXPECT_EQ(status.code(), Code::invalid_argument);
  EXPECT_THAT(fields_of(status), ElementsAre("item.sku", "item.name", "item.quantity", "item.price"));
  EXPECT_THAT(fields_of(status_of(stub_.CreateItem(v1::CreateItemRequest()))), ElementsAre("item"));
}

TEST_F(ItemService, ASkuIsTakenOnce) {
  create("tea-1");
  const Status status = status_of(stub_.CreateItem(request("tea-1")));
  EXPECT_EQ(status.code(), Code::already_exists);
  EXPECT_EQ(reason_of(status), "SKU_TAKEN@items.pintle.dev");
  EXPECT_EQ(pintle::detail_of<google::rpc::ResourceInfo>(status)->resource_name(), "tea-1");
}

TEST_F(ItemService, AnUpdateChangesTheEtagAndAsksForTheCurrentOne) {
  const v1::Item created = create("tea-1");
  time_.now += std::chrono::seconds(5);
  v1::UpdateItemRequest update;
  update.mutable_item()->set_id(created.id());
  update.mutable_item()->set_quantity(9);
  update.mutable_item()->set_etag(created.etag());
  update.mutable_update_mask()->add_paths("quantity");
  const v1::Item updated = stub_.UpdateItem(update).value();
  EXPECT_EQ(updated.quantity(), 9);
  EXPECT_EQ(updated.name(), "Tea");
  EXPECT_NE(updated.etag(), created.etag());
  EXPECT_EQ(updated.create_time().seconds(), created.create_time().seconds());
  EXPECT_EQ(updated.update_time().seconds(), created.update_time().seconds() + 5);

  const Status stale = status_of(stub_.UpdateItem(update));
  EXPECT_EQ(stale.code(), Code::aborted);
  EXPECT_EQ(reason_of(stale), "ETAG_MISMATCH@items.pintle.dev");
  update.mutable_item()->clear_etag();
  EXPECT_TRUE(stub_.UpdateItem(update));
}

TEST_F(ItemService, AnUpdateKeepsToTheRulesAndToTheMask) {
  const v1::Item created = create("tea-1");
  v1::UpdateItemRequest update;
  update.mutable_item()->set_id(created.id());
  update.mutable_item()->set_quantity(-1);
  EXPECT_THAT(fields_of(status_of(stub_.UpdateItem(update))), ElementsAre("item.quantity"));
  update.mutable_update_mask()->add_paths("attic");
  EXPECT_THAT(fields_of(status_of(stub_.UpdateItem(update))), ElementsAre("update_mask"));
  EXPECT_EQ(get(created.id())->SerializeAsString(), created.SerializeAsString());
  update.mutable_item()->set_id("nobody");
  EXPECT_EQ(status_of(stub_.UpdateItem(update)).code(), Code::not_found);
}

TEST_F(ItemService, ADeletionMayAskForAnEtag) {
  const v1::Item created = create("tea-1");
  v1::DeleteItemRequest deletion;
  deletion.set_id(created.id());
  deletion.set_etag("stale");
  EXPECT_EQ(status_of(stub_.DeleteItem(deletion)).code(), Code::aborted);
  deletion.set_etag(created.etag());
  EXPECT_TRUE(stub_.DeleteItem(deletion));
  EXPECT_EQ(status_of(stub_.DeleteItem(deletion)).code(), Code::not_found);
  EXPECT_EQ(status_of(get(created.id())).code(), Code::not_found);
}

TEST_F(ItemService, AListingComesInPagesThatAddUp) {
  for (int i = 0; i < 5; ++i) create(fmt::format("sku-{}", i));
  v1::ListItemsRequest asked;
  asked.set_page_size(2);
  const auto pages = list(asked);
  ASSERT_EQ(pages.size(), 3u);
  EXPECT_THAT(skus(pages), ElementsAre("sku-0", "sku-1", "sku-2", "sku-3", "sku-4"));
  EXPECT_EQ(pages[2].next_page_token(), "");

  asked.set_page_token(pages[0].next_page_token());
  EXPECT_THAT(skus(list(asked)), ElementsAre("sku-2", "sku-3", "sku-4"));
  asked.clear_page_token();
  asked.set_limit(3);
  asked.set_order(v1::LIST_ORDER_NEWEST_FIRST);
  const auto newest = list(asked);
  EXPECT_THAT(skus(newest), ElementsAre("sku-4", "sku-3", "sku-2"));
  asked.set_page_token(newest.back().next_page_token());
  EXPECT_THAT(skus(list(asked)), ElementsAre("sku-1", "sku-0"));
}

TEST_F(ItemService, APageThatIsJustFullIsTheLast) {
  for (int i = 0; i < 4; ++i) create(fmt::format("sku-{}", i));
  v1::ListItemsRequest asked;
  asked.set_page_size(4);
  const auto pages = list(asked);
  ASSERT_EQ(pages.size(), 1u);
  EXPECT_EQ(pages[0].next_page_token(), "");
  asked.mutable_filter()->set_name_prefix("nothing");
  EXPECT_THAT(list(asked), IsEmpty());
}

TEST_F(ItemService, ABatchIsCreatedAsAWhole) {
  auto batch = stub_.BatchCreateItems();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(batch.write(request(fmt::format("sku-{}", i))).ok());
  const auto created = batch.finish();
  ASSERT_TRUE(created) << created.error().to_string();
  EXPECT_EQ(created->items_size(), 3);
  EXPECT_THAT(skus(list(v1::ListItemsRequest())), ElementsAre("sku-0", "sku-1", "sku-2"));
}

TEST_F(ItemService, ABatchWithOneRefusedItemIsNotCreated) {
  create("sku-1");
  const auto outcome = [&](const std::vector<v1::CreateItemRequest>& requests) {
    auto batch = stub_.BatchCreateItems();
    for (const auto& one : requests)
      if (!batch.write(one).ok()) break;
    return status_of(batch.finish());
  };
  const Status taken = outcome({request("sku-0"), request("sku-1")});
  EXPECT_EQ(taken.code(), Code::already_exists);
  EXPECT_EQ(pintle::detail_of<google::rpc::ErrorInfo>(taken)->metadata().at("position"), "1");
  EXPECT_THAT(fields_of(outcome({request("sku-0"), request("")})), ElementsAre("requests[1].item.sku"));
  EXPECT_EQ(outcome({request("a"), request("b"), request("c"), request("d")}).code(), Code::invalid_argument);
  EXPECT_THAT(skus(list(v1::ListItemsRequest())), ElementsAre("sku-1"));
}

TEST_F(ItemService, ASyncAnswersEachChangeInOrder) {
  const v1::Item old = create("old");
  std::vector<v1::SyncItemsRequest> changes(7);
  for (std::size_t i = 0; i < changes.size(); ++i) changes[i].set_sequence(static_cast<std::int64_t>(10 * (i + 1)));
  *changes[0].mutable_upsert() = request("new").item();
  *changes[1].mutable_upsert() = request("new").item();
  changes[1].mutable_upsert()->set_quantity(8);
  *changes[2].mutable_upsert() = request("old").item();
  changes[2].mutable_upsert()->set_etag("stale");
  *changes[3].mutable_upsert() = request("new").item();
  changes[3].mutable_upsert()->set_quantity(-1);
  changes[4].mutable_delete_()->set_id(old.id());
  changes[4].mutable_delete_()->set_etag(old.etag());
  changes[5].mutable_delete_()->set_id(old.id());

  auto sync = stub_.SyncItems();
  std::vector<v1::SyncItemsResponse> answers;
  for (const auto& change : changes) {
    ASSERT_TRUE(sync.write(change).ok());
    auto answer = sync.read();  // each one is answered before the next is sent
    ASSERT_TRUE(answer) << answer.error().to_string();
    ASSERT_NE(*answer, nullptr);
    answers.push_back(**answer);
  }
  EXPECT_TRUE(sync.finish().ok());
  for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(answers[i].sequence(), changes[i].sequence());
  EXPECT_EQ(answers[0].upserted().quantity(), 3);
  EXPECT_EQ(answers[1].upserted().quantity(), 8);
  EXPECT_EQ(answers[1].upserted().id(), answers[0].upserted().id());
  EXPECT_EQ(answers[2].conflict().current().id(), old.id());
  EXPECT_EQ(answers[3].error().code(), static_cast<int>(Code::invalid_argument));
  EXPECT_GT(answers[3].error().details_size(), 0);
  EXPECT_EQ(answers[4].deleted_id(), old.id());
  EXPECT_TRUE(answers[5].has_conflict());
  EXPECT_FALSE(answers[5].conflict().has_current());
  EXPECT_EQ(answers[6].error().code(), static_cast<int>(Code::invalid_argument));
}

TEST_F(ItemService, ASequenceThatDoesNotGrowEndsTheSync) {
  auto sync = stub_.SyncItems();
  v1::SyncItemsRequest change;
  change.set_sequence(1);
  *change.mutable_upsert() = request("new").item();
  ASSERT_TRUE(sync.write(change).ok());
  ASSERT_TRUE(sync.read());
  ASSERT_TRUE(sync.write(change).ok());
  const auto answer = sync.read();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::invalid_argument);
  EXPECT_THAT(fields_of(answer.error()), Contains("sequence"));
}

// A store of which every operation fails in the same way.
class Failing final : public ItemStore {
 public:
  explicit Failing(Failure failure) : failure_(std::move(failure)) {}
  pintle::Task<Outcome<Item>> find(ItemId) override { co_return std::unexpected(failure_); }
  pintle::Task<Outcome<Item>> find_by_sku(std::string) override { co_return std::unexpected(failure_); }
  pintle::Task<Outcome<void>> insert(Item) override { co_return std::unexpected(failure_); }
  pintle::Task<Outcome<void>> insert_all(std::vector<Item>) override { co_return std::unexpected(failure_); }
  pintle::Task<Outcome<void>> replace(Item) override { co_return std::unexpected(failure_); }
  pintle::Task<Outcome<void>> remove(ItemId, std::optional<Revision>) override { co_return std::unexpected(failure_); }
  pintle::Task<Outcome<std::vector<Item>>> page(PageQuery) override { co_return std::unexpected(failure_); }
  pintle::Task<Outcome<void>> ping() override { co_return std::unexpected(failure_); }

 private:
  Failure failure_;
};

TEST_F(ItemService, WhatTheDatabaseSaysStaysInside) {
  Failing store(Failure(Fault::database, "near \"secret_table\": syntax error"));
  Catalogue catalogue(store, ids_, system_time);
  ItemServer server(catalogue, ServiceLimits(), pintle::Logger());
  v1::ItemService::BlockingStub stub(
      std::make_shared<pintle::testing::DirectChannel>(server, running_.runtime.loop(0)));
  const Status status = status_of(stub.CreateItem(request("tea-1")));
  EXPECT_EQ(status.code(), Code::internal);
  EXPECT_EQ(status.message(), "the database failed");
  EXPECT_THAT(std::string(status.details()), ::testing::Not(::testing::HasSubstr("secret_table")));
}

TEST_F(ItemService, TheEndOfACallIsToldAsItIs) {
  Failing store(Failure::call_over(Status(Code::deadline_exceeded, "too late")));
  Catalogue catalogue(store, ids_, system_time);
  ItemServer server(catalogue, ServiceLimits(), pintle::Logger());
  v1::ItemService::BlockingStub stub(
      std::make_shared<pintle::testing::DirectChannel>(server, running_.runtime.loop(0)));
  EXPECT_EQ(status_of(stub.CreateItem(request("tea-1"))), Status(Code::deadline_exceeded, "too late"));
}

}  // namespace
}  // namespace items

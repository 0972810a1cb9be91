#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mapper/list_mapper.hpp"
#include "mapper/page_token.hpp"

namespace items {
namespace {

using ::testing::ElementsAre;

const ItemId kId = "01890000-0000-7000-8000-000000000000";

std::vector<std::string> refused(const v1::ListItemsRequest& request) {
  std::vector<std::string> fields;
  const Outcome<Listing> listing = listing_of(request, PageSizes());
  if (listing) return fields;
  for (const Violation& violation : listing.error().violations()) fields.push_back(violation.field);
  return fields;
}

TEST(ListMapper, ASizeIsThePresetAndNeverMoreThanTheMost) {
  v1::ListItemsRequest request;
  EXPECT_EQ(listing_of(request, PageSizes())->query.size, 50u);
  request.set_page_size(7);
  EXPECT_EQ(listing_of(request, PageSizes())->query.size, 7u);
  request.set_page_size(INT32_MAX);
  EXPECT_EQ(listing_of(request, PageSizes())->query.size, 500u);
}

TEST(ListMapper, AFilterIsTakenWhole) {
  v1::ListItemsRequest request;
  v1::ItemFilter& asked = *request.mutable_filter();
  asked.set_name_prefix("Te");
  asked.mutable_min_price()->set_currency_code("EUR");
  asked.mutable_min_price()->set_units(1);
  asked.mutable_max_price()->set_currency_code("EUR");
  asked.mutable_max_price()->set_nanos(5'000);
  asked.mutable_max_price()->set_units(2);
  asked.set_status(v1::ITEM_STATUS_DRAFT);
  asked.mutable_label()->set_key("colour");
  asked.mutable_label()->set_value("red");
  request.set_order(v1::LIST_ORDER_NEWEST_FIRST);
  request.set_limit(9);
  const Listing listing = listing_of(request, PageSizes()).value();
  ItemFilter wanted;
  wanted.name_prefix = "Te";
  wanted.min_price = Money("EUR", 1'000'000);
  wanted.max_price = Money("EUR", 2'000'005);
  wanted.state = ItemState::draft;
  wanted.label.emplace("colour", "red");
  EXPECT_EQ(listing.query.filter, wanted);
  EXPECT_EQ(listing.query.order, ListOrder::newest_first);
  EXPECT_EQ(listing.limit, 9);
}

TEST(ListMapper, WhatIsWrongIsNamed) {
  v1::ListItemsRequest request;
  request.set_page_size(-1);
  request.set_limit(-1);
  request.set_order(static_cast<v1::ListOrder>(9));
  request.mutable_filter()->set_status(static_cast<v1::ItemStatus>(9));
  request.mutable_filter()->mutable_label()->set_key("' OR 1=1");
  request.mutable_filter()->mutable_min_price()->set_nanos(1);
  EXPECT_THAT(refused(request), ::testing::UnorderedElementsAre("page_size", "limit", "order", "filter.status",
                                                                "filter.label", "filter.min_price"));
}

TEST(PageToken, LeadsBackToItsId) {
  ItemFilter filter;
  filter.name_prefix = "Te";
  const std::string token = page_token(kId, filter, ListOrder::oldest_first);
  EXPECT_EQ(read_page_token(token, filter, ListOrder::oldest_first), kId);

  v1::ListItemsRequest request;
  request.mutable_filter()->set_name_prefix("Te");
  request.set_page_token(token);
  EXPECT_EQ(listing_of(request, PageSizes())->query.after, kId);
}

TEST(PageToken, IsGoodForItsFilterAndOrderOnly) {
  ItemFilter filter;
  const std::string token = page_token(kId, filter, ListOrder::oldest_first);
  EXPECT_EQ(read_page_token(token, filter, ListOrder::newest_first), std::nullopt);
  filter.state = ItemState::active;
  EXPECT_EQ(read_page_token(token, filter, ListOrder::oldest_first), std::nullopt);
}

TEST(PageToken, IsRefusedWithAnyCharacterChanged) {
  const std::string token = page_token(kId, ItemFilter(), ListOrder::oldest_first);
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string mangled = token;
    mangled[i] = mangled[i] == 'A' ? 'B' : 'A';
    const auto read = read_page_token(mangled, ItemFilter(), ListOrder::oldest_first);
    // The last digit of Base64 has bits that belong to no byte.
    EXPECT_TRUE(read == std::nullopt || (i + 1 == token.size() && read == kId)) << i;
  }
  for (const std::string& other : {std::string("!"), std::string(), token.substr(1), token + token})
    EXPECT_EQ(read_page_token(other, ItemFilter(), ListOrder::oldest_first), std::nullopt);
  v1::ListItemsRequest request;
  request.set_page_token("!");
  EXPECT_THAT(refused(request), ElementsAre("page_token"));
}

}  // namespace
}  // namespace items

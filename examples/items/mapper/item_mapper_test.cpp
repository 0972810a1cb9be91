#include <cstdint>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mapper/item_mapper.hpp"
#include "testing/harness.hpp"

namespace items {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using testing::some_item;

std::vector<std::string> fields_of(const Failure& failure) {
  std::vector<std::string> fields;
  for (const Violation& violation : failure.violations()) fields.push_back(violation.field);
  return fields;
}

template <class T>
std::vector<std::string> refused(const Outcome<T>& outcome) {
  if (outcome) return {};
  return fields_of(outcome.error());
}

v1::Item message() { return to_message(some_item("id", "tea-1")).value(); }

TEST(ItemMapper, AMessageSaysWhatTheEntityIs) {
  const v1::Item m = message();
  EXPECT_EQ(m.sku(), "tea-1");
  EXPECT_EQ(m.price().currency_code(), "EUR");
  EXPECT_EQ(m.price().units(), 4);
  EXPECT_EQ(m.price().nanos(), 990'000'000);
  EXPECT_EQ(m.status(), v1::ITEM_STATUS_ACTIVE);
  EXPECT_EQ(m.create_time().seconds(), 1'767'323'045);
  EXPECT_EQ(m.create_time().nanos(), 6'000);
  EXPECT_EQ(m.etag(), "r1");
}

TEST(ItemMapper, TimesBefore1970HaveNanosThatAreNotNegative) {
  Item item = some_item("id", "tea-1");
  item.created = Time(std::chrono::microseconds(-1));
  const v1::Item m = to_message(item).value();
  EXPECT_EQ(m.create_time().seconds(), -1);
  EXPECT_EQ(m.create_time().nanos(), 999'999'000);
}

TEST(ItemMapper, WhatAMessageCannotHoldIsAFailure) {
  Item item = some_item("id", "tea-1");
  item.created = Time(std::chrono::seconds(253'402'300'800));
  EXPECT_EQ(to_message(item).error().fault(), Fault::database);
  item = some_item("id", "tea-1");
  item.labels["x"] = "\xc3";
  EXPECT_EQ(to_message(item).error().fault(), Fault::database);
}

TEST(ItemMapper, WhatAnEntityCannotHoldIsRefusedByName) {
  v1::Item m = message();
  m.mutable_price()->set_nanos(1);
  EXPECT_THAT(refused(to_entity(m)), ElementsAre("price"));
  m = message();
  m.mutable_price()->set_units(INT64_MAX / 1'000'000 + 1);
  EXPECT_THAT(refused(to_entity(m)), ElementsAre("price"));
  m = message();
  m.mutable_price()->set_nanos(-1000);
  EXPECT_THAT(refused(to_entity(m)), ElementsAre("price"));
  m = message();
  m.mutable_price()->set_nanos(1'000'000'000);
  EXPECT_THAT(refused(to_entity(m)), ElementsAre("price"));
  m = message();
  m.clear_price();
  EXPECT_THAT(refused(to_entity(m)), ElementsAre("price"));
  m = message();
  m.set_status(static_cast<v1::ItemStatus>(77));
  EXPECT_THAT(refused(to_entity(m)), ElementsAre("status"));
  m = message();
  m.mutable_update_time()->set_nanos(1);
  EXPECT_THAT(refused(to_entity(m)), ElementsAre("update_time"));
  m = message();
  m.mutable_create_time()->set_seconds(253'402'300'800);
  EXPECT_THAT(refused(to_entity(m)), ElementsAre("create_time"));
  for (const char* etag : {"", "r0", "r01", "x1", "r1 ", "r-1", "rA", "r8000000000000000"}) {
    m = message();
    m.set_etag(etag);
    EXPECT_THAT(refused(to_entity(m)), ElementsAre("etag")) << etag;
  }
}

TEST(ItemMapper, ADraftIsTheOwnersPart) {
  v1::Item m = message();
  m.clear_status();
  m.set_etag("nonsense");
  const Item draft = draft_of(m, "item.").value();
  EXPECT_EQ(draft.id, "");
  EXPECT_EQ(draft.sku, "tea-1");
  EXPECT_EQ(draft.state, ItemState::active);
  EXPECT_EQ(draft.created, Time());
  m.clear_price();
  m.set_status(static_cast<v1::ItemStatus>(9));
  EXPECT_THAT(refused(draft_of(m, "item.")), ElementsAre("item.price", "item.status"));
}

TEST(ItemMapper, AMaskSaysWhichFieldsAreTaken) {
  const Item stored = some_item("id", "tea-1");
  v1::Item change;
  change.set_name("Coffee");
  change.set_quantity(0);
  google::protobuf::FieldMask mask;
  mask.add_paths("quantity");
  mask.add_paths("labels");
  Item wanted = stored;
  wanted.quantity = 0;
  wanted.labels.clear();
  EXPECT_EQ(edited(stored, change, mask).value(), wanted);
}

TEST(ItemMapper, WithoutAMaskTheFieldsThatAreSetAreTaken) {
  const Item stored = some_item("id", "tea-1");
  v1::Item change;
  change.set_name("Coffee");
  change.set_status(v1::ITEM_STATUS_DRAFT);
  Item wanted = stored;
  wanted.name = "Coffee";
  wanted.state = ItemState::draft;
  EXPECT_EQ(edited(stored, change, google::protobuf::FieldMask()).value(), wanted);
}

TEST(ItemMapper, AStarTakesAllOfThem) {
  const Item stored = some_item("id", "tea-1");
  v1::Item change = message();
  change.set_sku("another");
  change.set_id("another");
  change.clear_tags();
  change.clear_description();
  google::protobuf::FieldMask mask;
  mask.add_paths("*");
  Item wanted = stored;
  wanted.tags.clear();
  wanted.description.clear();
  EXPECT_EQ(edited(stored, change, mask).value(), wanted);
}

TEST(ItemMapper, AMaskIsRefusedPathByPath) {
  const Item stored = some_item("id", "tea-1");
  google::protobuf::FieldMask mask;
  for (const char* path : {"name", "attic", "sku", "etag", "price.units", "*", "", "Name", "labels.colour"})
    mask.add_paths(path);
  const Outcome<Item> outcome = edited(stored, message(), mask);
  ASSERT_FALSE(outcome);
  ASSERT_THAT(outcome.error().violations(), ::testing::SizeIs(8));
  EXPECT_THAT(outcome.error().violations(), ::testing::Each(Field(&Violation::field, "update_mask")));
  EXPECT_THAT(outcome.error().violations()[0].description, HasSubstr("attic"));
  EXPECT_THAT(outcome.error().violations()[1].description, HasSubstr("sku"));
  EXPECT_THAT(outcome.error().violations()[3].description, HasSubstr("price.units"));
}

TEST(ItemMapper, AnEtagIsOneRevision) {
  EXPECT_EQ(expected_revision(""), std::nullopt);
  EXPECT_EQ(expected_revision("nonsense"), 0);
  EXPECT_EQ(expected_revision("r"), 0);
  for (const Revision revision : {Revision{1}, Revision{10}, Revision{255}, Revision{INT64_MAX}})
    EXPECT_EQ(expected_revision(etag_of(revision)), revision);
}

}  // namespace
}  // namespace items

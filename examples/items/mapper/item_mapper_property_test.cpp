#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "mapper/item_mapper.hpp"
#include "testing/generators.hpp"

namespace items {
namespace {

using testing::hostile_text;

// Any entity that a message can hold, the bounds of each number included.
Item any_item() {
  Item item = testing::hostile_item(1);
  item.quantity = *rc::gen::arbitrary<std::int64_t>();
  item.price.micros = *rc::gen::weightedOneOf<std::int64_t>(
      {{3, rc::gen::arbitrary<std::int64_t>()},
       {1, rc::gen::element<std::int64_t>(INT64_MIN, INT64_MAX, 0, -1, 999'999, -1'000'001)}});
  const std::int64_t first = -62'135'596'800'000'000;
  const std::int64_t last = 253'402'300'799'999'999;
  const auto time = rc::gen::weightedOneOf<std::int64_t>(
      {{3, rc::gen::inRange(first, last)}, {1, rc::gen::elementOf(std::vector<std::int64_t>{first, last, 0, -1, 1})}});
  item.created = Time(std::chrono::microseconds(*time));
  item.updated = Time(std::chrono::microseconds(*time));
  item.revision = *rc::gen::suchThat(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t r) { return r > 0; });
  return item;
}

// Property 14: Entity Mapper Round Trip (requirement R2).
RC_GTEST_PROP(ItemMapperProperty, Property14_EntityMapperRoundTrip, ()) {
  ::testing::Test::RecordProperty("property", "Property 14: Entity Mapper Round Trip");
  const Item item = any_item();
  const Outcome<v1::Item> message = to_message(item);
  RC_ASSERT(message.has_value());
  v1::Item received;
  RC_ASSERT(received.ParseFromString(message->SerializeAsString()));
  const Outcome<Item> back = to_entity(received);
  RC_ASSERT(back.has_value());
  RC_ASSERT(*back == item);
}

// The other half of Property 14: what one side can't hold is a failure.
RC_GTEST_PROP(ItemMapperProperty, Property14_EntityMapperLosesNothing, ()) {
  ::testing::Test::RecordProperty("property", "Property 14: Entity Mapper Round Trip");
  Item item = any_item();
  const std::string bad =
      *hostile_text() + *rc::gen::element<std::string>("\xff", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80");
  switch (*rc::gen::inRange(0, 6)) {
    case 0:
      item.name = bad;
      break;
    case 1:
      item.labels[bad] = "x";
      break;
    case 2:
      item.labels["x"] = bad;
      break;
    case 3:
      item.tags.push_back(bad);
      break;
    case 4:
      item.created =
          Time(std::chrono::microseconds(*rc::gen::inRange<std::int64_t>(INT64_MIN, -62'135'596'800'000'000)));
      break;
    default:
      item.updated =
          Time(std::chrono::microseconds(*rc::gen::inRange<std::int64_t>(253'402'300'800'000'000, INT64_MAX)));
  }
  RC_ASSERT_FALSE(to_message(item).has_value());
}

// A message that is taken comes back as it was; one that is not is refused by the field's name.
RC_GTEST_PROP(ItemMapperProperty, Property14_MessageIsTakenWholeOrRefused, ()) {
  ::testing::Test::RecordProperty("property", "Property 14: Entity Mapper Round Trip");
  v1::Item message = to_message(any_item()).value();
  const auto nanos = [] {
    const std::int32_t fine = *rc::gen::inRange(-1'100'000'000, 1'100'000'000);
    return *rc::gen::arbitrary<bool>() ? fine : fine / 1000 * 1000;
  };
  message.mutable_price()->set_units(*rc::gen::weightedOneOf<std::int64_t>(
      {{1, rc::gen::arbitrary<std::int64_t>()}, {2, rc::gen::inRange<std::int64_t>(-9, 9)}}));
  message.mutable_price()->set_nanos(nanos());
  message.mutable_create_time()->set_nanos(nanos());
  message.set_status(static_cast<v1::ItemStatus>(*rc::gen::inRange(-1, 6)));
  const Outcome<Item> item = to_entity(message);
  if (item) {
    const v1::Item again = to_message(*item).value();
    RC_ASSERT(again.price().units() == message.price().units());
    RC_ASSERT(again.price().nanos() == message.price().nanos());
    RC_ASSERT(again.create_time().nanos() == message.create_time().nanos());
    RC_ASSERT(again.status() == message.status());
  } else {
    RC_ASSERT(item.error().fault() == Fault::validation);
    RC_ASSERT_FALSE(item.error().violations().empty());
    for (const Violation& violation : item.error().violations())
      RC_ASSERT(violation.field == "price" || violation.field == "create_time" || violation.field == "status");
  }
}

}  // namespace
}  // namespace items

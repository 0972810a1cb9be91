#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/rules.hpp"
#include "testing/harness.hpp"

namespace items {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::some_item;

std::string text(std::size_t characters, const char* one) {
  std::string result;
  for (std::size_t i = 0; i < characters; ++i) result += one;
  return result;
}

struct Row {
  const char* what;
  std::function<void(Item&)> change;
  std::string field;  // that is refused; empty: none is
};

TEST(Rules, EachHoldsAtItsEdges) {
  const Row rows[] = {
      {"nothing", [](Item&) {}, ""},
      {"no sku", [](Item& i) { i.sku = ""; }, "item.sku"},
      {"longest sku", [](Item& i) { i.sku = text(kMaxSku, "x"); }, ""},
      {"sku too long", [](Item& i) { i.sku = text(kMaxSku + 1, "x"); }, "item.sku"},
      {"sku with a dot first", [](Item& i) { i.sku = ".x"; }, "item.sku"},
      {"sku with a blank", [](Item& i) { i.sku = "a b"; }, "item.sku"},
      {"sku with a quote", [](Item& i) { i.sku = "a'b"; }, "item.sku"},
      {"sku of all kinds", [](Item& i) { i.sku = "aZ0._-"; }, ""},
      {"no name", [](Item& i) { i.name = ""; }, "item.name"},
      {"longest name", [](Item& i) { i.name = text(kMaxName, "ä"); }, ""},
      {"name too long", [](Item& i) { i.name = text(kMaxName + 1, "ä"); }, "item.name"},
      {"name with a line end", [](Item& i) { i.name = "a\nb"; }, "item.name"},
      {"name with a NUL", [](Item& i) { i.name = std::string("a\0b", 3); }, "item.name"},
      {"name that is not UTF-8", [](Item& i) { i.name = "\xff"; }, "item.name"},
      {"description with line ends", [](Item& i) { i.description = "a\r\n\tb"; }, ""},
      {"longest description", [](Item& i) { i.description = text(kMaxDescription, "☺"); }, ""},
      {"description too long", [](Item& i) { i.description = text(kMaxDescription + 1, "☺"); }, "item.description"},
      {"no quantity", [](Item& i) { i.quantity = 0; }, ""},
      {"negative quantity", [](Item& i) { i.quantity = -1; }, "item.quantity"},
      {"for nothing", [](Item& i) { i.price.micros = 0; }, ""},
      {"negative price", [](Item& i) { i.price.micros = -1; }, "item.price"},
      {"no currency", [](Item& i) { i.price.currency = ""; }, "item.price.currency_code"},
      {"small currency", [](Item& i) { i.price.currency = "eur"; }, "item.price.currency_code"},
      {"label without a key", [](Item& i) { i.labels[""] = "x"; }, "item.labels"},
      {"label with a capital", [](Item& i) { i.labels["A"] = "x"; }, "item.labels"},
      {"label of all kinds", [](Item& i) { i.labels["a0._/-"] = ""; }, ""},
      {"longest label", [](Item& i) { i.labels[text(kMaxLabelKey, "a")] = text(kMaxLabelValue, "ä"); }, ""},
      {"label's key too long", [](Item& i) { i.labels[text(kMaxLabelKey + 1, "a")] = ""; }, "item.labels"},
      {"label's value too long", [](Item& i) { i.labels["a"] = text(kMaxLabelValue + 1, "a"); }, "item.labels"},
      {"empty tag", [](Item& i) { i.tags = {"a", ""}; }, "item.tags[1]"},
      {"tag too long", [](Item& i) { i.tags = {text(kMaxTag + 1, "t")}; }, "item.tags[0]"},
      {"tag twice", [](Item& i) { i.tags = {"a", "b", "a"}; }, "item.tags[2]"},
      {"too many tags",
       [](Item& i) {
         i.tags.clear();
         for (std::size_t n = 0; n <= kMaxTags; ++n) i.tags.push_back(std::to_string(n));
       },
       "item.tags"},
      {"too many labels",
       [](Item& i) {
         i.labels.clear();
         for (std::size_t n = 0; n <= kMaxLabels; ++n) i.labels["k" + std::to_string(n)] = "v";
       },
       "item.labels"},
  };
  for (const Row& row : rows) {
    Item item = some_item("id", "tea-1");
    row.change(item);
    const std::vector<Violation> broken = broken_rules(item, "item.");
    if (row.field.empty()) {
      EXPECT_THAT(broken, IsEmpty()) << row.what;
    } else {
      ASSERT_THAT(broken, SizeIs(1)) << row.what;
      EXPECT_EQ(broken.front().field, row.field) << row.what;
      EXPECT_FALSE(broken.front().description.empty()) << row.what;
    }
  }
}

TEST(Rules, AllThatAreBrokenAreNamed) {
  Item item = some_item("id", "");
  item.quantity = -1;
  item.price.micros = -1;
  EXPECT_THAT(broken_rules(item, ""), SizeIs(3));
}

TEST(Rules, AFilterAsksForOneCurrencyAndARangeThatIsNone) {
  ItemFilter filter;
  filter.min_price = Money("EUR", 5);
  filter.max_price = Money("EUR", 5);
  EXPECT_THAT(broken_rules(filter, "filter."), IsEmpty());
  filter.max_price = Money("EUR", 4);
  EXPECT_THAT(broken_rules(filter, "filter."),
              ::testing::ElementsAre(::testing::Field(&Violation::field, "filter.max_price")));
  filter.max_price = Money("USD", 9);
  EXPECT_THAT(broken_rules(filter, "filter."),
              ::testing::ElementsAre(::testing::Field(&Violation::field, "filter.max_price.currency_code")));
}

TEST(Rules, OnlyWhatLooksLikeAnIdMayBeOne) {
  EXPECT_TRUE(may_be_id("01890000-0000-7000-8000-000000000000"));
  EXPECT_FALSE(may_be_id(""));
  EXPECT_FALSE(may_be_id("x' OR '1'='1"));
  EXPECT_FALSE(may_be_id("01890000-0000-7000-8000-00000000000'"));
  EXPECT_FALSE(may_be_id("01890000-0000-7000-8000-00000000000A"));
}

}  // namespace
}  // namespace items

// Property 10: Message Validation. A message that breaks a rule is INVALID_ARGUMENT naming the field and the rule; one
// that breaks none passes. The rules of shop_test.proto, once more by hand.
#include <algorithm>
#include <set>
#include <string>

#include <buf/validate/validate.pb.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <validation/shop_test.pintle.hpp>

#include <pintle/middleware/validation/validation_layer.hpp>
#include <pintle/rpc/details.hpp>

namespace pintle {
namespace {

using shop::test::Item;

std::string text(std::size_t most) {
  return *rc::gen::resize(static_cast<int>(most),
                          rc::gen::container<std::string>(rc::gen::elementOf(std::string("abcXY1"))));
}

std::multiset<std::string> expected(const Item& item) {
  std::multiset<std::string> found;
  if (item.name().empty()) found.insert("name string.min_len");
  if (item.name().size() > 10) found.insert("name string.max_len");
  if (item.quantity() < 0 || item.quantity() >= 100) found.insert("quantity int64.gte_lt");
  if (item.tags_size() > 3) found.insert("tags repeated.max_items");
  if (std::set<std::string>(item.tags().begin(), item.tags().end()).size() !=
      static_cast<std::size_t>(item.tags_size()))
    found.insert("tags repeated.unique");
  for (int i = 0; i < item.tags_size(); ++i)
    if (item.tags(i).empty() || !std::ranges::all_of(item.tags(i), [](char c) { return c >= 'a' && c <= 'z'; }))
      found.insert("tags[" + std::to_string(i) + "] string.pattern");
  for (const auto& [key, price] : item.prices()) {
    if (key.size() != 3) found.insert("prices[\"" + key + "\"] string.len");
    if (price.units() <= 0) found.insert("prices[\"" + key + "\"].units int32.gt");
  }
  if (!item.has_price()) found.insert("price required");
  if (item.has_price() && item.price().units() <= 0) found.insert("price.units int32.gt");
  return found;
}

RC_GTEST_PROP(Property10MessageValidation, EachBrokenRuleIsNamedWithItsField, ()) {
  Item item;
  item.set_name(text(15));
  item.set_quantity(*rc::gen::inRange<std::int64_t>(-5, 110));
  for (int i = *rc::gen::inRange(0, 6); i > 0; --i) item.add_tags(text(3));
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i)
    (*item.mutable_prices())[text(5)].set_units(*rc::gen::inRange(-1, 3));
  if (*rc::gen::arbitrary<bool>()) item.mutable_price()->set_units(*rc::gen::inRange(-1, 3));

  const Violations violations = violations_of(item);
  std::multiset<std::string> found;
  for (const Violation& v : violations.all) found.insert(path_text(v.field) + " " + v.rule_id);
  RC_CLASSIFY(found.empty());
  RC_ASSERT(found == expected(item));
  if (violations.ok()) return;
  const Status status = invalid_status(violations);
  RC_ASSERT(status.code() == Code::invalid_argument);
  RC_ASSERT(detail_of<buf::validate::Violations>(status)->violations_size() > 0);
}

}  // namespace
}  // namespace pintle

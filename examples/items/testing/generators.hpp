// Random texts, items and filters for the properties.
#pragma once

#include <string>
#include <vector>

#include <rapidcheck.h>

#include "domain/filter.hpp"
#include "domain/item.hpp"

namespace items::testing {

// Valid UTF-8 without NUL, made of pieces that mean something to SQL, to shells and to formats.
inline rc::Gen<std::string> hostile_text() {
  const auto piece = rc::gen::element<std::string>(
      "'", "''", "\"", "`", ";", "--", "/*", "*/", "\\", "\\'", "%", "_", "(", ")", "$1", "?1", ":a", "@b", "{", "}",
      "[", "]", ",", " OR 1=1 ", "1", "0", "NULL", "x", "Tea", "tea", "'; DROP TABLE items; --",
      " UNION SELECT sku FROM items ", "\n", "\t", " ", "ä", "☺", "\U0001F375", "E'", "$$", "||", "\x1b", "\x7f");
  return rc::gen::map(rc::gen::resize(6, rc::gen::container<std::vector<std::string>>(piece)),
                      [](const std::vector<std::string>& pieces) {
                        std::string text;
                        for (const std::string& one : pieces) text += one;
                        return text;
                      });
}

inline rc::Gen<ItemState> any_state() {
  return rc::gen::element(ItemState::draft, ItemState::active, ItemState::archived);
}

inline rc::Gen<Money> some_money() {
  return rc::gen::apply([](std::string currency, std::int64_t micros) { return Money(std::move(currency), micros); },
                        rc::gen::element<std::string>("EUR", "USD", "JPY"), rc::gen::inRange<std::int64_t>(0, 20));
}

// `number` keeps ids and skus apart; all texts are hostile, no rule is kept.
inline Item hostile_item(int number) {
  Item item;
  item.id = *hostile_text() + std::to_string(number);
  item.sku = *hostile_text() + std::to_string(number);
  item.name = *hostile_text();
  item.description = *hostile_text();
  item.quantity = *rc::gen::inRange<std::int64_t>(0, 100);
  item.price = *some_money();
  item.state = *any_state();
  item.labels =
      *rc::gen::resize(3, rc::gen::container<std::map<std::string, std::string>>(hostile_text(), hostile_text()));
  item.tags = *rc::gen::resize(3, rc::gen::container<std::vector<std::string>>(hostile_text()));
  item.created = item.updated = Time(std::chrono::microseconds(number));
  return item;
}

// About items that exist, as often as not: otherwise nothing would ever match.
inline ItemFilter hostile_filter(const std::vector<Item>& items) {
  ItemFilter filter;
  const auto coin = [] { return *rc::gen::arbitrary<bool>(); };
  const Item* like = !items.empty() && coin() ? &items[*rc::gen::inRange<std::size_t>(0, items.size())] : nullptr;
  if (coin()) {
    filter.name_prefix = like != nullptr ? like->name : *hostile_text();
    const std::size_t size = filter.name_prefix.size();
    while (!filter.name_prefix.empty() && filter.name_prefix.size() * 2 > size &&
           (filter.name_prefix.back() & 0x80) == 0)
      filter.name_prefix.pop_back();
  }
  if (coin()) filter.min_price = *some_money();
  if (coin()) {
    filter.max_price = *some_money();
    if (filter.min_price) filter.max_price->currency = filter.min_price->currency;
  }
  if (coin()) filter.state = *any_state();
  if (coin()) {
    if (like != nullptr && !like->labels.empty())
      filter.label = *like->labels.begin();
    else
      filter.label.emplace(*hostile_text(), *hostile_text());
  }
  return filter;
}

}  // namespace items::testing

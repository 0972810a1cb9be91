#include <algorithm>
#include <ranges>
#include <set>

#include "store/memory/memory_store.hpp"

namespace items {

using pintle::Task;

bool MemoryStore::has_sku(const std::string& sku) const {
  return std::ranges::any_of(items_, [&](const auto& entry) { return entry.second.sku == sku; });
}

Task<Outcome<Item>> MemoryStore::find(ItemId id) {
  std::lock_guard lock(mutex_);
  const auto found = items_.find(id);
  if (found == items_.end()) co_return std::unexpected(Failure::no_item(id));
  co_return found->second;
}

Task<Outcome<Item>> MemoryStore::find_by_sku(std::string sku) {
  std::lock_guard lock(mutex_);
  for (const Item& item : items_ | std::views::values)
    if (item.sku == sku) co_return item;
  co_return std::unexpected(Failure::no_item(sku));
}

Task<Outcome<void>> MemoryStore::insert(Item item) {
  std::lock_guard lock(mutex_);
  if (has_sku(item.sku)) co_return std::unexpected(Failure::sku_taken(item.sku));
  ItemId id = item.id;
  items_.emplace(std::move(id), std::move(item));
  co_return Outcome<void>();
}

Task<Outcome<void>> MemoryStore::insert_all(std::vector<Item> items) {
  std::lock_guard lock(mutex_);
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < items.size(); ++i)
    if (has_sku(items[i].sku) || !seen.insert(items[i].sku).second)
      co_return std::unexpected(Failure::sku_taken(items[i].sku).at(static_cast<int>(i)));
  for (Item& item : items) {
    ItemId id = item.id;
    items_.emplace(std::move(id), std::move(item));
  }
  co_return Outcome<void>();
}

Task<Outcome<void>> MemoryStore::replace(Item item) {
  std::lock_guard lock(mutex_);
  const auto found = items_.find(item.id);
  if (found == items_.end()) co_return std::unexpected(Failure::no_item(item.id));
  if (found->second.revision != item.revision - 1) co_return std::unexpected(Failure::changed_meanwhile(item.id));
  item.sku = found->second.sku;
  item.created = found->second.created;
  found->second = std::move(item);
  co_return Outcome<void>();
}

Task<Outcome<void>> MemoryStore::remove(ItemId id, std::optional<Revision> expected) {
  std::lock_guard lock(mutex_);
  const auto found = items_.find(id);
  if (found == items_.end()) co_return std::unexpected(Failure::no_item(id));
  if (expected && found->second.revision != *expected) co_return std::unexpected(Failure::changed_meanwhile(id));
  items_.erase(found);
  co_return Outcome<void>();
}

Task<Outcome<std::vector<Item>>> MemoryStore::page(PageQuery query) {
  std::lock_guard lock(mutex_);
  std::vector<Item> page;
  const auto take = [&](auto&& range) {
    for (const Item& item : range) {
      if (page.size() == query.size) break;
      if (matches(query.filter, item)) page.push_back(item);
    }
  };
  if (query.order == ListOrder::oldest_first) {
    take(std::ranges::subrange(items_.upper_bound(query.after), items_.end()) | std::views::values);
  } else {
    const auto end = query.after.empty() ? items_.end() : items_.lower_bound(query.after);
    take(std::ranges::subrange(items_.begin(), end) | std::views::reverse | std::views::values);
  }
  co_return page;
}

Task<Outcome<void>> MemoryStore::ping() { co_return Outcome<void>(); }

}  // namespace items

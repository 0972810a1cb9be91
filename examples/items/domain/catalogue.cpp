#include <algorithm>

#include "domain/catalogue.hpp"
#include "domain/rules.hpp"

namespace items {

using pintle::Task;

Outcome<void> Catalogue::check(const Item& draft, std::string_view prefix) {
  std::vector<Violation> broken = broken_rules(draft, prefix);
  if (!broken.empty()) return std::unexpected(Failure::invalid(std::move(broken)));
  return {};
}

void Catalogue::stamp_new(Item& draft) {
  draft.id = ids_.next();
  draft.created = draft.updated = clock_();
  draft.revision = 1;
}

Task<Outcome<Item>> Catalogue::get(ItemId id) {
  if (!may_be_id(id)) co_return std::unexpected(Failure::no_item(id));
  co_return co_await store_.find(std::move(id));
}

Task<Outcome<Item>> Catalogue::find_by_sku(std::string sku) { co_return co_await store_.find_by_sku(std::move(sku)); }

Task<Outcome<Item>> Catalogue::create(Item draft, std::string prefix) {
  if (Outcome<void> good = check(draft, prefix); !good) co_return std::unexpected(std::move(good).error());
  stamp_new(draft);
  Outcome<void> inserted = co_await store_.insert(draft);
  if (!inserted) co_return std::unexpected(std::move(inserted).error());
  co_return draft;
}

Task<Outcome<std::vector<Item>>> Catalogue::create_all(std::vector<Item> drafts) {
  for (Item& draft : drafts) stamp_new(draft);
  Outcome<void> inserted = co_await store_.insert_all(drafts);
  if (!inserted) co_return std::unexpected(std::move(inserted).error());
  co_return drafts;
}

Task<Outcome<Item>> Catalogue::change(ItemId id, std::optional<Revision> expected, Edit edit, std::string prefix) {
  for (int tries = 1;; ++tries) {
    Outcome<Item> stored = co_await get(id);
    if (!stored) co_return stored;
    if (expected && stored->revision != *expected) co_return std::unexpected(Failure::changed_meanwhile(id));
    Outcome<Item> next = edit(*stored);
    if (!next) co_return next;
    if (Outcome<void> good = check(*next, prefix); !good) co_return std::unexpected(std::move(good).error());
    next->updated = std::max(clock_(), stored->updated);
    next->revision = stored->revision + 1;
    Outcome<void> replaced = co_await store_.replace(*next);
    if (replaced) co_return next;
    if (expected || tries == kTries || replaced.error().fault() != Fault::revision_mismatch)
      co_return std::unexpected(std::move(replaced).error());
  }
}

Task<Outcome<Item>> Catalogue::upsert(Item draft, std::optional<Revision> expected, std::string prefix) {
  if (Outcome<void> good = check(draft, prefix); !good) co_return std::unexpected(std::move(good).error());
  ItemId id = draft.id;
  if (id.empty()) {
    const Outcome<Item> stored = co_await store_.find_by_sku(draft.sku);
    if (stored) {
      id = stored->id;
    } else if (stored.error().fault() != Fault::not_found || expected) {
      co_return std::unexpected(stored.error());
    } else {
      co_return co_await create(std::move(draft), std::move(prefix));
    }
  }
  Edit edit = [&draft, &prefix](const Item& stored) -> Outcome<Item> {
    if (draft.sku != stored.sku)
      return std::unexpected(Failure::invalid(prefix + "sku", "is immutable, and this item has another one"));
    Item next = draft;
    next.id = stored.id;
    next.created = stored.created;
    return next;
  };
  co_return co_await change(std::move(id), expected, std::move(edit), prefix);
}

Task<Outcome<void>> Catalogue::remove(ItemId id, std::optional<Revision> expected) {
  if (!may_be_id(id)) co_return std::unexpected(Failure::no_item(id));
  co_return co_await store_.remove(std::move(id), expected);
}

Task<Outcome<std::vector<Item>>> Catalogue::page(PageQuery query) { co_return co_await store_.page(std::move(query)); }

}  // namespace items

// The use cases: what one can do with a catalogue of items, whatever store is behind it and whatever protocol before
// it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/ids.hpp"
#include "domain/store.hpp"
#include <pintle/async/task.hpp>

namespace items {

// Any loop; store and ids must outlive it and all its tasks. Results are what is stored now, durably.
class Catalogue {
 public:
  // What an item becomes, given what is stored; it may be asked more than once.
  using Edit = std::move_only_function<Outcome<Item>(const Item& stored)>;

  Catalogue(ItemStore& store, IdSource& ids, WallClock clock) : store_(store), ids_(ids), clock_(std::move(clock)) {}

  // not_found, for every text that is no item's id.
  pintle::Task<Outcome<Item>> get(ItemId id);
  // Takes the owner's part of `draft`, gives it an id and times. validation (fields are named below `prefix`),
  // conflict.
  pintle::Task<Outcome<Item>> create(Item draft, std::string prefix);
  // All or none. Drafts keep to the rules already: check() is for the moment when each of them comes.
  pintle::Task<Outcome<std::vector<Item>>> create_all(std::vector<Item> drafts);
  // With `expected`: revision_mismatch unless that is the stored revision. Without: the edit is done again on whatever
  // somebody else has stored meanwhile, and after kTries it is revision_mismatch too.
  pintle::Task<Outcome<Item>> change(ItemId id, std::optional<Revision> expected, Edit edit, std::string prefix);
  // Creates the item whose sku nobody has (unless an `expected` revision or an id says that there must be one), else
  // replaces the owner's part of it.
  pintle::Task<Outcome<Item>> upsert(Item draft, std::optional<Revision> expected, std::string prefix);
  pintle::Task<Outcome<void>> remove(ItemId id, std::optional<Revision> expected);
  pintle::Task<Outcome<std::vector<Item>>> page(PageQuery query);
  pintle::Task<Outcome<Item>> find_by_sku(std::string sku);

  // validation, or nothing.
  static Outcome<void> check(const Item& draft, std::string_view prefix);

  static constexpr int kTries = 5;

 private:
  void stamp_new(Item& draft);

  ItemStore& store_;
  IdSource& ids_;
  WallClock clock_;
};

}  // namespace items

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <utility>

#include <fmt/core.h>

#include "mapper/item_mapper.hpp"
#include <pintle/wire/utf8.hpp>

namespace items {

namespace {

using google::protobuf::Timestamp;
using std::chrono::floor;
using std::chrono::microseconds;
using std::chrono::seconds;

constexpr std::int64_t kMicros = 1'000'000;
// google/protobuf/timestamp.proto: from 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
constexpr std::int64_t kFirstSecond = -62'135'596'800;
constexpr std::int64_t kLastSecond = 253'402'300'799;

Failure unsendable(const Item& item, std::string_view what) {
  return {Fault::database, fmt::format("the item {} can't be sent: {}", item.id, what)};
}

bool fill_time(Time time, Timestamp& message) {
  const auto whole = floor<seconds>(time);
  const std::int64_t count = whole.time_since_epoch().count();
  if (count < kFirstSecond || count > kLastSecond) return false;
  message.set_seconds(count);
  message.set_nanos(static_cast<std::int32_t>((time - whole).count() * 1000));
  return true;
}

Outcome<Time> time_of(const Timestamp& message, std::string_view field) {
  const bool good = message.seconds() >= kFirstSecond && message.seconds() <= kLastSecond && message.nanos() >= 0 &&
                    message.nanos() <= 999'999'999;
  if (!good) return std::unexpected(Failure::invalid(std::string(field), "is not a time between the years 1 and 9999"));
  if (message.nanos() % 1000 != 0)
    return std::unexpected(Failure::invalid(std::string(field), "is finer than a microsecond"));
  return Time(microseconds(message.seconds() * kMicros + message.nanos() / 1000));
}

bool all_utf8(const Item& item) {
  using pintle::wire::valid_utf8;
  return valid_utf8(item.id) && valid_utf8(item.sku) && valid_utf8(item.name) && valid_utf8(item.description) &&
         valid_utf8(item.price.currency) && std::ranges::all_of(item.tags, valid_utf8) &&
         std::ranges::all_of(item.labels, [](const auto& l) { return valid_utf8(l.first) && valid_utf8(l.second); });
}

// Moves the owner's fields from a message to an entity, one at a time, and collects what can't be moved.
class Taking {
 public:
  Taking(const v1::Item& from, Item& to, std::string_view prefix) : from_(from), to_(to), prefix_(prefix) {}

  void name() { to_.name = from_.name(); }
  void description() { to_.description = from_.description(); }
  void quantity() { to_.quantity = from_.quantity(); }
  void labels() { to_.labels = {from_.labels().begin(), from_.labels().end()}; }
  void tags() { to_.tags = {from_.tags().begin(), from_.tags().end()}; }
  void price() {
    if (!from_.has_price()) return add("price", "is required");
    Outcome<Money> money = to_entity(from_.price(), fmt::format("{}price", prefix_));
    if (money)
      to_.price = std::move(*money);
    else
      std::ranges::move(money.error().violations(), std::back_inserter(violations_));
  }
  void status() {
    if (const std::optional<ItemState> state = to_entity(from_.status()))
      to_.state = *state;
    else
      add("status", "is not a status that this server knows");
  }

  void add(std::string_view field, std::string description) {
    violations_.emplace_back(fmt::format("{}{}", prefix_, field), std::move(description));
  }
  std::vector<Violation> take() { return std::move(violations_); }

 private:
  const v1::Item& from_;
  Item& to_;
  std::string_view prefix_;
  std::vector<Violation> violations_;
};

struct Field {
  std::string_view path;
  void (Taking::*take)();
  bool (*is_set)(const v1::Item&);
};

constexpr std::array<Field, 7> kFields = {{
    {"name", &Taking::name, [](const v1::Item& m) { return !m.name().empty(); }},
    {"description", &Taking::description, [](const v1::Item& m) { return !m.description().empty(); }},
    {"quantity", &Taking::quantity, [](const v1::Item& m) { return m.quantity() != 0; }},
    {"price", &Taking::price, [](const v1::Item& m) { return m.has_price(); }},
    {"status", &Taking::status, [](const v1::Item& m) { return m.status() != v1::ITEM_STATUS_UNSPECIFIED; }},
    {"labels", &Taking::labels, [](const v1::Item& m) { return !m.labels().empty(); }},
    {"tags", &Taking::tags, [](const v1::Item& m) { return !m.tags().empty(); }},
}};
constexpr std::array<std::string_view, 5> kImmutable = {"id", "sku", "create_time", "update_time", "etag"};

// What is wrong with a path that none of kFields has.
std::string refusal_of(std::string_view path) {
  if (std::ranges::find(kImmutable, path) != kImmutable.end())
    return fmt::format("{} is not for clients to change", path);
  if (path == "*") return "* must be the only path";
  const std::string_view first = path.substr(0, path.find('.'));
  if (first != path && std::ranges::find(kFields, first, &Field::path) != kFields.end())
    return fmt::format("{} is part of a field; {} is taken as a whole", path, first);
  return fmt::format("an item has no field {}", path);
}

}  // namespace

Outcome<Money> to_entity(const v1::Money& message, std::string_view field) {
  const auto refuse = [&](const char* why) { return std::unexpected(Failure::invalid(std::string(field), why)); };
  if (message.nanos() <= -1'000'000'000 || message.nanos() >= 1'000'000'000)
    return refuse("has a whole unit or more in its nanos");
  if ((message.units() > 0 && message.nanos() < 0) || (message.units() < 0 && message.nanos() > 0))
    return refuse("has units and nanos of different signs");
  if (message.nanos() % 1000 != 0) return refuse("is finer than a millionth of a unit");
  std::int64_t micros = 0;
  if (__builtin_mul_overflow(message.units(), kMicros, &micros) ||
      __builtin_add_overflow(micros, message.nanos() / 1000, &micros))
    return refuse("is too large");
  return Money(message.currency_code(), micros);
}

std::optional<ItemState> to_entity(v1::ItemStatus status) {
  switch (status) {
    case v1::ITEM_STATUS_DRAFT:
      return ItemState::draft;
    case v1::ITEM_STATUS_ACTIVE:
      return ItemState::active;
    case v1::ITEM_STATUS_ARCHIVED:
      return ItemState::archived;
    default:
      return std::nullopt;
  }
}

std::string etag_of(Revision revision) { return fmt::format("r{:x}", revision); }

std::optional<Revision> expected_revision(std::string_view etag) {
  if (etag.empty()) return std::nullopt;
  Revision revision = 0;
  std::from_chars(etag.data() + 1, etag.data() + etag.size(), revision, 16);
  return etag == etag_of(revision) && revision > 0 ? revision : 0;
}

Outcome<void> fill_message(const Item& item, v1::Item& message) {
  if (!all_utf8(item)) return std::unexpected(unsendable(item, "a text is not UTF-8"));
  message.set_id(item.id);
  message.set_sku(item.sku);
  message.set_name(item.name);
  message.set_description(item.description);
  message.set_quantity(item.quantity);
  v1::Money& price = *message.mutable_price();
  price.set_currency_code(item.price.currency);
  price.set_units(item.price.micros / kMicros);
  price.set_nanos(static_cast<std::int32_t>(item.price.micros % kMicros * 1000));
  message.set_status(static_cast<v1::ItemStatus>(item.state));
  for (const auto& [key, value] : item.labels) (*message.mutable_labels())[key] = value;
  for (const std::string& tag : item.tags) message.add_tags(tag);
  if (!fill_time(item.created, *message.mutable_create_time()) ||
      !fill_time(item.updated, *message.mutable_update_time()))
    return std::unexpected(unsendable(item, "a time is outside the years 1 to 9999"));
  message.set_etag(etag_of(item.revision));
  return {};
}

Outcome<v1::Item> to_message(const Item& item) {
  v1::Item message;
  if (Outcome<void> filled = fill_message(item, message); !filled) return std::unexpected(std::move(filled).error());
  return message;
}

Outcome<Item> draft_of(const v1::Item& message, std::string_view prefix) {
  Item item;
  item.sku = message.sku();
  Taking taking(message, item, prefix);
  for (const Field& field : kFields)
    if (field.path != "status" || field.is_set(message)) (taking.*field.take)();
  if (std::vector<Violation> wrong = taking.take(); !wrong.empty())
    return std::unexpected(Failure::invalid(std::move(wrong)));
  return item;
}

Outcome<Item> to_entity(const v1::Item& message) {
  if (message.status() == v1::ITEM_STATUS_UNSPECIFIED) return std::unexpected(Failure::invalid("status", "is not set"));
  Outcome<Item> item = draft_of(message, "");
  if (!item) return item;
  item->id = message.id();
  const Outcome<Time> created = time_of(message.create_time(), "create_time");
  if (!created) return std::unexpected(created.error());
  const Outcome<Time> updated = time_of(message.update_time(), "update_time");
  if (!updated) return std::unexpected(updated.error());
  item->created = *created;
  item->updated = *updated;
  const std::optional<Revision> revision = expected_revision(message.etag());
  if (!revision || *revision == 0) return std::unexpected(Failure::invalid("etag", "is not an etag of this server"));
  item->revision = *revision;
  return item;
}

Outcome<Item> edited(const Item& stored, const v1::Item& message, const google::protobuf::FieldMask& mask) {
  Item item = stored;
  Taking taking(message, item, "item.");
  const bool all = mask.paths_size() == 1 && mask.paths(0) == "*";
  if (all || mask.paths().empty()) {
    for (const Field& field : kFields)
      if (all || field.is_set(message)) (taking.*field.take)();
  }
  std::vector<Violation> refused;
  for (int i = 0; !all && i < mask.paths_size(); ++i) {
    const auto* const field = std::ranges::find(kFields, mask.paths(i), &Field::path);
    if (field != kFields.end())
      (taking.*(field->take))();
    else
      refused.emplace_back("update_mask", refusal_of(mask.paths(i)));
  }
  std::vector<Violation> wrong = taking.take();
  std::ranges::move(wrong, std::back_inserter(refused));
  if (!refused.empty()) return std::unexpected(Failure::invalid(std::move(refused)));
  return item;
}

}  // namespace items

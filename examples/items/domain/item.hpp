// What an item is, to the people who keep a catalogue: no Protobuf, no SQL.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace items {

// To the microsecond, which is what both databases hold.
using Time = std::chrono::sys_time<std::chrono::microseconds>;

// Given by ids.hpp; to everyone else an opaque text.
using ItemId = std::string;

// Starts at 1 and grows by one with each change of the item.
using Revision = std::int64_t;

enum class ItemState : std::uint8_t { draft = 1, active = 2, archived = 3 };

// An amount in millionths of the currency's unit: whole numbers, so that amounts compare and add exactly.
struct Money {
  Money() = default;
  Money(std::string currency_code, std::int64_t amount) : currency(std::move(currency_code)), micros(amount) {}
  std::string currency;  // ISO 4217, three capitals
  std::int64_t micros = 0;
  friend bool operator==(const Money&, const Money&) = default;
};

struct Item {
  Item() = default;
  ItemId id;
  std::string sku;
  std::string name;
  std::string description;
  std::int64_t quantity = 0;
  Money price;
  ItemState state = ItemState::active;
  std::map<std::string, std::string> labels;
  std::vector<std::string> tags;
  Time created;
  Time updated;
  Revision revision = 1;
  friend bool operator==(const Item&, const Item&) = default;
};

}  // namespace items

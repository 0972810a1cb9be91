#include <cstdint>

#include <fmt/core.h>

#include "domain/rules.hpp"
#include "mapper/page_token.hpp"
#include <pintle/wire/base64.hpp>

namespace items {

namespace {

constexpr char kVersion = '1';
constexpr std::size_t kHashSize = 16;

// FNV-1a: the token's id and all that decides which items come behind it.
std::string fingerprint(std::string_view after, const ItemFilter& filter, ListOrder order) {
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&hash](std::string_view text) {
    const std::string sized = fmt::format("{}:{};", text.size(), text);
    for (const char c : sized) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  };
  const auto add_money = [&](const std::optional<Money>& money) {
    add(money ? fmt::format("{} {}", money->currency, money->micros) : "-");
  };
  add(after);
  add(std::to_string(static_cast<int>(order)));
  add(filter.name_prefix);
  add_money(filter.min_price);
  add_money(filter.max_price);
  add(filter.state ? std::to_string(static_cast<int>(*filter.state)) : "-");
  add(filter.label ? fmt::format("={}", filter.label->first) : "-");
  add(filter.label ? filter.label->second : "");
  return fmt::format("{:016x}", hash);
}

}  // namespace

std::string page_token(const ItemId& after, const ItemFilter& filter, ListOrder order) {
  std::string token;
  pintle::wire::base64_encode(fmt::format("{}{}{}", kVersion, fingerprint(after, filter, order), after), token);
  return token;
}

std::optional<ItemId> read_page_token(std::string_view token, const ItemFilter& filter, ListOrder order) {
  std::string plain;
  if (!pintle::wire::base64_decode(token, plain)) return std::nullopt;
  if (plain.size() <= 1 + kHashSize || plain.front() != kVersion) return std::nullopt;
  ItemId after = plain.substr(1 + kHashSize);
  if (!may_be_id(after) || plain.substr(1, kHashSize) != fingerprint(after, filter, order)) return std::nullopt;
  return after;
}

}  // namespace items

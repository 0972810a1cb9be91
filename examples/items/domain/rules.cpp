#include <algorithm>
#include <optional>
#include <set>

#include <fmt/core.h>

#include "domain/rules.hpp"
#include <pintle/wire/utf8.hpp>

namespace items {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_small(char c) { return c >= 'a' && c <= 'z'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
bool is_alnum(char c) { return is_digit(c) || is_small(c) || is_capital(c); }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// Collects what is wrong, field by field.
class Findings {
 public:
  explicit Findings(std::string_view prefix) : prefix_(prefix) {}

  template <class... Args>
  void add(std::string_view field, fmt::format_string<Args...> format, Args&&... args) {
    found_.emplace_back(fmt::format("{}{}", prefix_, field), fmt::format(format, std::forward<Args>(args)...));
  }

  // A text for people. `lines`: line ends and tabs are fine.
  void check_text(std::string_view field, std::string_view text, std::size_t least, std::size_t most,
                  bool lines = false) {
    if (!pintle::wire::valid_utf8(text)) return add(field, "is not UTF-8");
    const std::size_t size = characters(text);
    if (size < least) return add(field, "is required");
    if (size > most) return add(field, "has {} characters; at most {} are allowed", size, most);
    const bool control = std::ranges::any_of(text, [lines](char c) {
      return (static_cast<unsigned char>(c) < 0x20 && !(lines && (c == '\n' || c == '\r' || c == '\t'))) || c == 0x7f;
    });
    if (control) add(field, "has a control character");
  }

  void check_money(std::string_view field, const Money& money) {
    if (money.currency.size() != 3 || !std::ranges::all_of(money.currency, is_capital))
      add(fmt::format("{}.currency_code", field), "must be three capital letters");
    if (money.micros < 0) add(field, "must not be negative");
  }

  void check_label(std::string_view field, std::string_view key, std::string_view value) {
    const bool good_key =
        !key.empty() && key.size() <= kMaxLabelKey && is_small(key.front()) && std::ranges::all_of(key, [](char c) {
          return is_small(c) || is_digit(c) || c == '.' || c == '_' || c == '/' || c == '-';
        });
    if (!good_key) add(field, "a label's key has 1 to {} of a-z 0-9 . _ / -, a letter first", kMaxLabelKey);
    check_text(field, value, 0, kMaxLabelValue);
  }

  std::vector<Violation> take() { return std::move(found_); }

 private:
  std::string_view prefix_;
  std::vector<Violation> found_;
};

}  // namespace

std::vector<Violation> broken_rules(const Item& item, std::string_view prefix) {
  Findings findings(prefix);
  if (item.sku.empty()) {
    findings.add("sku", "is required");
  } else if (item.sku.size() > kMaxSku) {
    findings.add("sku", "has {} bytes; at most {} are allowed", item.sku.size(), kMaxSku);
  } else if (!is_alnum(item.sku.front()) ||
             !std::ranges::all_of(item.sku, [](char c) { return is_alnum(c) || c == '.' || c == '_' || c == '-'; })) {
    findings.add("sku", "has only letters, digits and . _ -, a letter or digit first");
  }
  findings.check_text("name", item.name, 1, kMaxName);
  findings.check_text("description", item.description, 0, kMaxDescription, true);
  if (item.quantity < 0) findings.add("quantity", "must not be negative");
  findings.check_money("price", item.price);
  if (item.labels.size() > kMaxLabels)
    findings.add("labels", "has {} labels; at most {} are allowed", item.labels.size(), kMaxLabels);
  for (const auto& [key, value] : item.labels) findings.check_label("labels", key, value);
  if (item.tags.size() > kMaxTags)
    findings.add("tags", "has {} tags; at most {} are allowed", item.tags.size(), kMaxTags);
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < item.tags.size(); ++i) {
    const std::string field = fmt::format("tags[{}]", i);
    findings.check_text(field, item.tags[i], 1, kMaxTag);
    if (!seen.insert(item.tags[i]).second) findings.add(field, "is there twice");
  }
  return findings.take();
}

std::vector<Violation> broken_rules(const ItemFilter& filter, std::string_view prefix) {
  Findings findings(prefix);
  findings.check_text("name_prefix", filter.name_prefix, 0, kMaxName);
  if (filter.min_price) findings.check_money("min_price", *filter.min_price);
  if (filter.max_price) findings.check_money("max_price", *filter.max_price);
  if (filter.min_price && filter.max_price) {
    if (filter.min_price->currency != filter.max_price->currency)
      findings.add("max_price.currency_code", "must be that of min_price");
    else if (filter.min_price->micros > filter.max_price->micros)
      findings.add("max_price", "must not be less than min_price");
  }
  if (filter.label) findings.check_label("label", filter.label->first, filter.label->second);
  return findings.take();
}

bool may_be_id(std::string_view id) {
  return id.size() == 36 &&
         std::ranges::all_of(id, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || c == '-'; });
}

}  // namespace items

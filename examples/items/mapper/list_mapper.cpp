#include <algorithm>
#include <iterator>
#include <optional>

#include "domain/rules.hpp"
#include "mapper/item_mapper.hpp"
#include "mapper/list_mapper.hpp"
#include "mapper/page_token.hpp"

namespace items {

namespace {

void take(const v1::Money& message, const char* field, std::optional<Money>& bound, std::vector<Violation>& wrong) {
  Outcome<Money> money = to_entity(message, field);
  if (money)
    bound = std::move(*money);
  else
    std::ranges::copy(money.error().violations(), std::back_inserter(wrong));
}

ItemFilter filter_of(const v1::ItemFilter& message, std::vector<Violation>& wrong) {
  ItemFilter filter;
  filter.name_prefix = message.name_prefix();
  if (message.has_min_price()) take(message.min_price(), "filter.min_price", filter.min_price, wrong);
  if (message.has_max_price()) take(message.max_price(), "filter.max_price", filter.max_price, wrong);
  if (message.status() != v1::ITEM_STATUS_UNSPECIFIED) {
    filter.state = to_entity(message.status());
    if (!filter.state) wrong.emplace_back("filter.status", "is not a status that this server knows");
  }
  if (message.has_label()) filter.label.emplace(message.label().key(), message.label().value());
  std::ranges::move(broken_rules(filter, "filter."), std::back_inserter(wrong));
  return filter;
}

}  // namespace

Outcome<Listing> listing_of(const v1::ListItemsRequest& request, const PageSizes& sizes) {
  std::vector<Violation> wrong;
  Listing listing;
  if (request.page_size() < 0) wrong.emplace_back("page_size", "must not be negative");
  if (request.limit() < 0) wrong.emplace_back("limit", "must not be negative");
  listing.limit = request.limit();
  listing.query.size = static_cast<std::size_t>(
      std::clamp(request.page_size() == 0 ? sizes.preset : request.page_size(), 1, sizes.most));
  listing.query.filter = filter_of(request.filter(), wrong);
  switch (request.order()) {
    case v1::LIST_ORDER_UNSPECIFIED:
    case v1::LIST_ORDER_OLDEST_FIRST:
      break;
    case v1::LIST_ORDER_NEWEST_FIRST:
      listing.query.order = ListOrder::newest_first;
      break;
    default:
      wrong.emplace_back("order", "is not an order that this server knows");
  }
  if (!request.page_token().empty() && wrong.empty()) {
    const auto after = read_page_token(request.page_token(), listing.query.filter, listing.query.order);
    if (after)
      listing.query.after = *after;
    else
      wrong.emplace_back("page_token", "was not made by this server for this filter and order");
  }
  if (!wrong.empty()) return std::unexpected(Failure::invalid(std::move(wrong)));
  return listing;
}

}  // namespace items

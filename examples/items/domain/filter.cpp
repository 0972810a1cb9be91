#include "domain/filter.hpp"

namespace items {

bool matches(const ItemFilter& filter, const Item& item) {
  if (!item.name.starts_with(filter.name_prefix)) return false;
  if (filter.min_price &&
      (item.price.currency != filter.min_price->currency || item.price.micros < filter.min_price->micros))
    return false;
  if (filter.max_price &&
      (item.price.currency != filter.max_price->currency || item.price.micros > filter.max_price->micros))
    return false;
  if (filter.state && item.state != *filter.state) return false;
  if (filter.label) {
    const auto found = item.labels.find(filter.label->first);
    if (found == item.labels.end() || found->second != filter.label->second) return false;
  }
  return true;
}

}  // namespace items

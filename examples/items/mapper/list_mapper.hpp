// What a ListItemsRequest asks for.
#pragma once

#include <cstdint>

#include "domain/store.hpp"
#include "items/v1/items.pb.h"

namespace items {

struct PageSizes {
  PageSizes() = default;
  std::int32_t preset = 50;
  std::int32_t most = 500;
};

struct Listing {
  Listing() = default;
  PageQuery query;
  std::int64_t limit = 0;  // 0: none
};

// validation names each field that is wrong.
Outcome<Listing> listing_of(const v1::ListItemsRequest& request, const PageSizes& sizes);

}  // namespace items

// The service class: takes requests apart, asks the catalogue, puts responses together.
#pragma once

#include <utility>

#include "domain/catalogue.hpp"
#include "items/v1/items.pintle.hpp"
#include "mapper/list_mapper.hpp"
#include <pintle/base/observe.hpp>

namespace items {

struct ServiceLimits {
  ServiceLimits() = default;
  PageSizes pages;
  int max_batch = 1000;
};

// One object for all loops.
class ItemServer final : public v1::ItemService::Service {
 public:
  ItemServer(Catalogue& catalogue, const ServiceLimits& limits, pintle::Logger log)
      : catalogue_(catalogue), limits_(limits), log_(std::move(log)) {}

  pintle::Task<pintle::Result<v1::Item>> GetItem(pintle::Call& call, const v1::GetItemRequest& request) override;
  pintle::Task<pintle::Result<v1::Item>> CreateItem(pintle::Call& call, const v1::CreateItemRequest& request) override;
  pintle::Task<pintle::Result<v1::Item>> UpdateItem(pintle::Call& call, const v1::UpdateItemRequest& request) override;
  pintle::Task<pintle::Result<google::protobuf::Empty>> DeleteItem(pintle::Call& call,
                                                                   const v1::DeleteItemRequest& request) override;
  pintle::Task<pintle::Status> ListItems(pintle::Call& call, const v1::ListItemsRequest& request,
                                         pintle::Writer<v1::ListItemsResponse>& writer) override;
  pintle::Task<pintle::Result<v1::BatchCreateItemsResponse>> BatchCreateItems(
      pintle::Call& call, pintle::Reader<v1::CreateItemRequest>& reader) override;
  pintle::Task<pintle::Status> SyncItems(pintle::Call& call, pintle::Reader<v1::SyncItemsRequest>& reader,
                                         pintle::Writer<v1::SyncItemsResponse>& writer) override;

 private:
  pintle::Error failed(const Failure& failure) const;
  pintle::Result<v1::Item> reply(const Outcome<Item>& item) const;
  // The answer to one change; a failure that is not about the change ends the stream.
  pintle::Task<Outcome<v1::SyncItemsResponse>> answer(const v1::SyncItemsRequest& request);
  pintle::Task<Outcome<v1::SyncItemsResponse>> refuse(const v1::SyncItemsRequest& request, Failure failure);

  Catalogue& catalogue_;
  ServiceLimits limits_;
  pintle::Logger log_;
};

}  // namespace items

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include "mapper/item_mapper.hpp"
#include "mapper/page_token.hpp"
#include "service/item_service.hpp"
#include "service/to_status.hpp"

namespace items {

using pintle::Call;
using pintle::Reader;
using pintle::Result;
using pintle::Status;
using pintle::Task;
using pintle::Writer;

pintle::Error ItemServer::failed(const Failure& failure) const { return to_status(failure, log_); }

Result<v1::Item> ItemServer::reply(const Outcome<Item>& item) const {
  if (!item) return failed(item.error());
  Outcome<v1::Item> message = to_message(*item);
  if (!message) return failed(message.error());
  return std::move(*message);
}

Task<Result<v1::Item>> ItemServer::GetItem(Call&, const v1::GetItemRequest& request) {
  co_return reply(co_await catalogue_.get(request.id()));
}

Task<Result<v1::Item>> ItemServer::CreateItem(Call&, const v1::CreateItemRequest& request) {
  Outcome<Item> draft = draft_of(request.item(), "item.");
  if (!draft) co_return failed(draft.error());
  co_return reply(co_await catalogue_.create(std::move(*draft), "item."));
}

Task<Result<v1::Item>> ItemServer::UpdateItem(Call&, const v1::UpdateItemRequest& request) {
  if (request.item().id().empty()) co_return failed(Failure::invalid("item.id", "is required"));
  Catalogue::Edit edit = [&request](const Item& stored) {
    return edited(stored, request.item(), request.update_mask());
  };
  co_return reply(co_await catalogue_.change(request.item().id(), expected_revision(request.item().etag()),
                                             std::move(edit), "item."));
}

Task<Result<google::protobuf::Empty>> ItemServer::DeleteItem(Call&, const v1::DeleteItemRequest& request) {
  const Outcome<void> removed = co_await catalogue_.remove(request.id(), expected_revision(request.etag()));
  if (!removed) co_return failed(removed.error());
  co_return google::protobuf::Empty();
}

Task<Status> ItemServer::ListItems(Call&, const v1::ListItemsRequest& request, Writer<v1::ListItemsResponse>& writer) {
  Outcome<Listing> listing = listing_of(request, limits_.pages);
  if (!listing) co_return failed(listing.error());
  PageQuery& query = listing->query;
  std::size_t left = listing->limit > 0 ? static_cast<std::size_t>(listing->limit) : SIZE_MAX;
  const std::size_t page_size = query.size;
  for (bool more = true; more && left > 0;) {
    const std::size_t wanted = std::min(page_size, left);
    query.size = wanted + 1;  // one more than is sent says whether anything comes behind
    v1::ListItemsResponse message;
    {
      Outcome<std::vector<Item>> page = co_await catalogue_.page(query);
      if (!page) co_return failed(page.error());
      if (page->empty()) break;
      more = page->size() > wanted;
      if (more) page->pop_back();
      left -= page->size();
      query.after = page->back().id;
      for (const Item& item : *page)
        if (Outcome<void> filled = fill_message(item, *message.add_items()); !filled) co_return failed(filled.error());
    }
    if (more) message.set_next_page_token(page_token(query.after, query.filter, query.order));
    // Neither page nor message is kept while the client reads.
    if (Status written = co_await writer.write(std::move(message)); !written.ok()) co_return written;
  }
  co_return Status();
}

Task<Result<v1::BatchCreateItemsResponse>> ItemServer::BatchCreateItems(Call&, Reader<v1::CreateItemRequest>& reader) {
  std::vector<Item> drafts;
  for (;;) {
    Result<const v1::CreateItemRequest*> request = co_await reader.read();
    if (!request) co_return std::move(request).error();
    if (*request == nullptr) break;
    const std::size_t position = drafts.size();
    if (position == static_cast<std::size_t>(limits_.max_batch))
      co_return failed(Failure::invalid("requests", fmt::format("are more than {}", limits_.max_batch)));
    const std::string prefix = fmt::format("requests[{}].item.", position);
    Outcome<Item> draft = draft_of((*request)->item(), prefix);
    if (!draft) co_return failed(std::move(draft).error().at(static_cast<int>(position)));
    if (Outcome<void> good = Catalogue::check(*draft, prefix); !good)
      co_return failed(std::move(good).error().at(static_cast<int>(position)));
    drafts.push_back(std::move(*draft));
  }
  const Outcome<std::vector<Item>> created = co_await catalogue_.create_all(std::move(drafts));
  if (!created) co_return failed(created.error());
  v1::BatchCreateItemsResponse response;
  for (const Item& item : *created)
    if (Outcome<void> filled = fill_message(item, *response.add_items()); !filled) co_return failed(filled.error());
  co_return response;
}

}  // namespace items

// SyncItems: one change after the other, each answered when it is durable.
#include <utility>

#include <fmt/core.h>
#include <google/rpc/status.pb.h>

#include "mapper/item_mapper.hpp"
#include "service/item_service.hpp"
#include "service/to_status.hpp"

namespace items {

using pintle::Call;
using pintle::Reader;
using pintle::Result;
using pintle::Status;
using pintle::Task;
using pintle::Writer;

namespace {

// A failure of the change itself: the stream goes on. All others leave open what is stored.
bool is_about_the_change(Fault fault) {
  return fault == Fault::validation || fault == Fault::not_found || fault == Fault::conflict ||
         fault == Fault::revision_mismatch;
}

google::rpc::Status message_of(const Status& status) {
  google::rpc::Status message;
  if (!message.ParseFromString(std::string(status.details()))) message.Clear();
  message.set_code(static_cast<std::int32_t>(status.code()));
  message.set_message(std::string(status.message()));
  return message;
}

}  // namespace

Task<Status> ItemServer::SyncItems(Call&, Reader<v1::SyncItemsRequest>& reader, Writer<v1::SyncItemsResponse>& writer) {
  std::int64_t last = 0;
  for (;;) {
    Result<const v1::SyncItemsRequest*> request = co_await reader.read();
    if (!request) co_return std::move(request).error();
    if (*request == nullptr) co_return Status();
    if ((*request)->sequence() <= last)
      co_return failed(
          Failure::invalid("sequence", fmt::format("is {} and must be greater than {}", (*request)->sequence(), last)));
    last = (*request)->sequence();
    Outcome<v1::SyncItemsResponse> response = co_await answer(**request);
    if (!response) co_return failed(response.error());
    response->set_sequence(last);
    if (Status written = co_await writer.write(*response); !written.ok()) co_return written;
  }
}

Task<Outcome<v1::SyncItemsResponse>> ItemServer::answer(const v1::SyncItemsRequest& request) {
  v1::SyncItemsResponse response;
  if (request.has_upsert()) {
    const v1::Item& wanted = request.upsert();
    Outcome<Item> draft = draft_of(wanted, "upsert.");
    if (!draft) co_return co_await refuse(request, std::move(draft).error());
    draft->id = wanted.id();
    const Outcome<Item> stored =
        co_await catalogue_.upsert(std::move(*draft), expected_revision(wanted.etag()), "upsert.");
    if (!stored) co_return co_await refuse(request, stored.error());
    if (Outcome<void> filled = fill_message(*stored, *response.mutable_upserted()); !filled)
      co_return std::unexpected(std::move(filled).error());
    co_return response;
  }
  if (request.has_delete_()) {
    const v1::DeleteItemRequest& gone = request.delete_();
    const Outcome<void> removed = co_await catalogue_.remove(gone.id(), expected_revision(gone.etag()));
    if (!removed) co_return co_await refuse(request, removed.error());
    response.set_deleted_id(gone.id());
    co_return response;
  }
  co_return co_await refuse(request, Failure::invalid("change", "is required"));
}

Task<Outcome<v1::SyncItemsResponse>> ItemServer::refuse(const v1::SyncItemsRequest& request, Failure failure) {
  if (!is_about_the_change(failure.fault())) co_return std::unexpected(std::move(failure));
  v1::SyncItemsResponse response;
  if (failure.fault() == Fault::validation) {
    *response.mutable_error() = message_of(failed(failure));
    co_return response;
  }
  response.mutable_conflict()->set_reason(failure.message());
  const std::string& id = request.has_delete_() ? request.delete_().id() : request.upsert().id();
  const Outcome<Item> current =
      id.empty() ? co_await catalogue_.find_by_sku(request.upsert().sku()) : co_await catalogue_.get(id);
  if (current) {
    if (Outcome<void> filled = fill_message(*current, *response.mutable_conflict()->mutable_current()); !filled)
      co_return std::unexpected(std::move(filled).error());
  } else if (current.error().fault() != Fault::not_found) {
    co_return std::unexpected(current.error());
  }
  co_return response;
}

}  // namespace items

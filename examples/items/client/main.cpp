// items_client [--target HOST:PORT]: makes, reads, changes, lists and synchronises a few items, and prints what came
// back.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "items/v1/items.pintle.hpp"
#include <pintle/client/channel.hpp>

namespace {

using items::v1::ItemService;
using pintle::CallOptions;

// The runs of this program must not meet: skus are unique.
std::string run_name() {
  return fmt::format("demo-{:x}", std::chrono::system_clock::now().time_since_epoch() / std::chrono::milliseconds(1));
}

items::v1::Item item(const std::string& sku, std::string_view name, std::int64_t units) {
  items::v1::Item item;
  item.set_sku(sku);
  item.set_name(std::string(name));
  item.set_quantity(3);
  item.mutable_price()->set_currency_code("EUR");
  item.mutable_price()->set_units(units);
  (*item.mutable_labels())["run"] = sku.substr(0, sku.rfind('-'));
  return item;
}

std::string text_of(const items::v1::Item& item) {
  return fmt::format("{}  {:<24} {:<14} {:>3} at {} {}.{:02}", item.id(), item.sku(), item.name(), item.quantity(),
                     item.price().currency_code(), item.price().units(), item.price().nanos() / 10'000'000);
}

CallOptions soon() { return CallOptions().timeout(std::chrono::seconds(5)); }

// Calls one method after the other; the first failure ends the tour.
class Tour {
 public:
  explicit Tour(const ItemService::BlockingStub& stub) : stub_(stub), run_(run_name()) {}

  pintle::Status go() {
    for (const auto step :
         {&Tour::create, &Tour::get, &Tour::update, &Tour::batch, &Tour::list, &Tour::sync, &Tour::clash})
      if (pintle::Status status = (this->*step)(); !status.ok()) return status;
    return {};
  }

 private:
  std::string sku(std::string_view name) const { return fmt::format("{}-{}", run_, name); }

  pintle::Status create() {
    items::v1::CreateItemRequest request;
    *request.mutable_item() = item(sku("tea"), "Tea", 4);
    const auto created = stub_.CreateItem(request, soon());
    if (!created) return created.error();
    tea_ = *created;
    fmt::print("CreateItem        {}\n", text_of(tea_));
    return {};
  }

  pintle::Status get() {
    items::v1::GetItemRequest request;
    request.set_id(tea_.id());
    const auto found = stub_.GetItem(request, soon());
    if (!found) return found.error();
    fmt::print("GetItem           {}\n", text_of(*found));
    return {};
  }

  pintle::Status update() {
    items::v1::UpdateItemRequest request;
    request.mutable_item()->set_id(tea_.id());
    request.mutable_item()->set_etag(tea_.etag());
    request.mutable_item()->set_quantity(12);
    request.mutable_update_mask()->add_paths("quantity");
    const auto updated = stub_.UpdateItem(request, soon());
    if (!updated) return updated.error();
    fmt::print("UpdateItem        {}\n", text_of(*updated));
    return {};
  }

  pintle::Status batch() {
    auto stream = stub_.BatchCreateItems(soon());
    for (const auto& [name, units] : {std::pair("Coffee", 9), std::pair("Cocoa", 7), std::pair("Milk", 2)}) {
      items::v1::CreateItemRequest request;
      *request.mutable_item() = item(sku(name), name, units);
      if (!stream.write(request).ok()) break;  // finish() says why
    }
    const auto created = stream.finish();
    if (!created) return created.error();
    for (const auto& one : created->items()) fmt::print("BatchCreateItems  {}\n", text_of(one));
    return {};
  }

  pintle::Status list() {
    items::v1::ListItemsRequest request;
    request.mutable_filter()->mutable_label()->set_key("run");
    request.mutable_filter()->mutable_label()->set_value(run_);
    request.set_page_size(3);
    auto pages = stub_.ListItems(request, soon());
    for (int number = 1;; ++number) {
      const auto page = pages.read();
      if (!page) return page.error();
      if (*page == nullptr) return {};
      for (const auto& one : (*page)->items()) fmt::print("ListItems page {}  {}\n", number, text_of(one));
    }
  }

  pintle::Status sync() {
    auto stream = stub_.SyncItems(soon());
    items::v1::SyncItemsRequest sold;
    sold.set_sequence(1);
    *sold.mutable_upsert() = item(sku("tea"), "Green tea", 5);
    items::v1::SyncItemsRequest late = sold;
    late.set_sequence(2);
    late.mutable_upsert()->set_etag(tea_.etag());
    items::v1::SyncItemsRequest gone;
    gone.set_sequence(3);
    gone.mutable_delete_()->set_id(tea_.id());
    for (const auto& change : {sold, late, gone}) {
      if (pintle::Status written = stream.write(change); !written.ok()) break;
      const auto answer = stream.read();
      if (!answer) return answer.error();
      if (*answer == nullptr) break;
      fmt::print("SyncItems {}       {}\n", (*answer)->sequence(), told(**answer));
    }
    return stream.finish();
  }

  static std::string told(const items::v1::SyncItemsResponse& answer) {
    if (answer.has_upserted()) return text_of(answer.upserted());
    if (answer.has_conflict()) return fmt::format("conflict: {}", answer.conflict().reason());
    if (answer.has_error()) return fmt::format("refused: {}", answer.error().message());
    return fmt::format("{}  deleted", answer.deleted_id());
  }

  // An error is a value like any other.
  pintle::Status clash() {
    items::v1::CreateItemRequest request;
    *request.mutable_item() = item(sku("Milk"), "Milk", 2);
    const auto created = stub_.CreateItem(request, soon());
    if (created) return pintle::internal("a sku was given twice");
    fmt::print("CreateItem again  {}\n", created.error().to_string());
    return {};
  }

  const ItemService::BlockingStub& stub_;
  std::string run_;
  items::v1::Item tea_;
};

}  // namespace

int main(int argc, char** argv) {
  std::string target = "127.0.0.1:50051";
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--target" && i + 1 < argc) {
      target = argv[++i];
    } else if (argument.starts_with("--target=")) {
      target = argument.substr(std::string_view("--target=").size());
    } else if (!argument.starts_with("-")) {
      target = argument;
    } else {
      fmt::print(stderr, "usage: items_client [--target HOST:PORT]\n");
      return argument == "--help" ? 0 : 2;
    }
  }

  pintle::RuntimeOptions options;
  options.threads = 1;
  pintle::Runtime runtime(options);
  runtime.start();
  auto channel = pintle::make_channel(runtime, target);
  if (!channel) {
    fmt::print(stderr, "items_client: {}\n", channel.error().to_string());
    return 2;
  }
  const ItemService::BlockingStub stub(*channel);
  if (const pintle::Status status = Tour(stub).go(); !status.ok()) {
    fmt::print(stderr, "items_client: {}\n", status.to_string());
    return 1;
  }
  return 0;
}

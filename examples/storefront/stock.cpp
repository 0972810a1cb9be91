// The stock service: asks the items service how much of an item there is. The configuration says where that is, under
// the name items (clients.channels), and how it is asked: retries, breaker, balancing.
#include <cstdio>
#include <memory>

#include <fmt/core.h>

#include "hop.hpp"
#include "items/v1/items.pintle.hpp"
#include "shop/v1/shop.pintle.hpp"
#include <pintle/app/app.hpp>

namespace {

using shop::v1::CheckStockRequest;
using shop::v1::CheckStockResponse;

class Stock final : public shop::v1::Stock::Service {
 public:
  explicit Stock(std::shared_ptr<pintle::Channel> items) : items_(std::move(items)) {}

  // Deadline, cancellation and trace of the call go on to the items service by themselves.
  pintle::Task<pintle::Result<CheckStockResponse>> CheckStock(pintle::Call& call,
                                                              const CheckStockRequest& request) override {
    items::v1::GetItemRequest ask;
    ask.set_id(request.id());
    const auto item = co_await items_.GetItem(ask);
    if (!item) co_return item.error();
    CheckStockResponse response;
    response.set_name(item->name());
    response.set_price(fmt::format("{}.{:02} {}", item->price().units(), item->price().nanos() / 10'000'000,
                                   item->price().currency_code()));
    response.set_quantity(item->quantity());
    shop::add_hop(call, "stock", *response.mutable_hops());
    co_return response;
  }

 private:
  items::v1::ItemService::Stub items_;
};

}  // namespace

int main(int argc, char** argv) {
  pintle::App app("stock", argc, argv);
  auto items = app.clients().named("items");
  if (!items) {
    app.log().error("can't call 'items'", {{"error", items.error().message()}});
    return 2;
  }
  Stock stock(std::move(*items));
  app.serve(stock);
  return app.run();
}

// customer STOREFRONT ITEMS: puts an item into the catalogue and looks at it through the shop. With commands on
// standard input, one a line: "look" asks once and prints what came; "wait" asks until it comes, for 30 s at most. Ends
// with 1 when an answer is not what it should be.
#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>

#include <fmt/core.h>

#include "items/v1/items.pintle.hpp"
#include "shop/v1/shop.pintle.hpp"
#include <pintle/client/channel.hpp>

namespace {

using namespace std::chrono_literals;

std::string new_item(const items::v1::ItemService::BlockingStub& items) {
  items::v1::CreateItemRequest request;
  auto& item = *request.mutable_item();
  item.set_sku(fmt::format("shop-{:x}", std::chrono::system_clock::now().time_since_epoch().count()));
  item.set_name("Tea");
  item.set_quantity(3);
  item.mutable_price()->set_currency_code("EUR");
  item.mutable_price()->set_units(4);
  const auto made = items.CreateItem(request, pintle::CallOptions().timeout(10s));
  if (!made) fmt::print(stderr, "customer: {}\n", made.error().to_string());
  return made ? made->id() : std::string();
}

class Customer {
 public:
  Customer(const shop::v1::Storefront::BlockingStub& shop, std::string id) : shop_(shop), id_(std::move(id)) {}

  bool look() const {
    const auto product = ask();
    if (!product) {
      fmt::print("{}\n", product.error().to_string());
      return false;
    }
    fmt::print("{}, {}, {}\n", product->name(), product->price(), product->in_stock() ? "in stock" : "sold out");
    for (const auto& hop : product->hops())
      fmt::print("  {:<10} trace {}  {} ms left\n", hop.service(), hop.trace_id(), hop.milliseconds_left());
    return true;
  }
  bool wait() const {
    const auto until = std::chrono::steady_clock::now() + 30s;
    for (int asked = 1; std::chrono::steady_clock::now() < until; ++asked) {
      if (!ask()) continue;
      fmt::print("it is there again\n");
      return true;
    }
    fmt::print("it did not come back\n");
    return false;
  }

 private:
  pintle::Result<shop::v1::Product> ask() const {
    shop::v1::ShowProductRequest request;
    request.set_id(id_);
    return shop_.ShowProduct(request, pintle::CallOptions().timeout(1s));
  }
  const shop::v1::Storefront::BlockingStub& shop_;
  const std::string id_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: customer STOREFRONT ITEMS\n");
    return 2;
  }
  pintle::RuntimeOptions options;
  options.threads = 1;
  pintle::Runtime runtime(options);
  runtime.start();
  auto shop = pintle::make_channel(runtime, argv[1]), items = pintle::make_channel(runtime, argv[2]);
  if (!shop || !items) {
    fmt::print(stderr, "customer: {}\n", (shop ? items : shop).error().to_string());
    return 2;
  }
  const shop::v1::Storefront::BlockingStub storefront(*shop);
  const std::string id = new_item(items::v1::ItemService::BlockingStub(*items));
  if (id.empty()) return 2;
  const Customer customer(storefront, id);
  bool well = true;
  for (std::string command; std::getline(std::cin, command);) {
    const bool fine = command == "wait" ? customer.wait() : customer.look();
    if (command != "fails") well &= fine;
    std::fflush(stdout);
  }
  return well ? 0 : 1;
}

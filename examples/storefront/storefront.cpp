// The storefront: what customers ask. It asks the stock service, which asks the items service.
#include <cstdio>
#include <memory>

#include "hop.hpp"
#include "shop/v1/shop.pintle.hpp"
#include <pintle/app/app.hpp>

namespace {

using shop::v1::Product;
using shop::v1::ShowProductRequest;

class Storefront final : public shop::v1::Storefront::Service {
 public:
  explicit Storefront(std::shared_ptr<pintle::Channel> stock) : stock_(std::move(stock)) {}

  pintle::Task<pintle::Result<Product>> ShowProduct(pintle::Call& call, const ShowProductRequest& request) override {
    shop::v1::CheckStockRequest ask;
    ask.set_id(request.id());
    const auto stock = co_await stock_.CheckStock(ask);
    if (!stock) co_return stock.error();
    Product product;
    product.set_name(stock->name());
    product.set_price(stock->price());
    product.set_in_stock(stock->quantity() > 0);
    shop::add_hop(call, "storefront", *product.mutable_hops());
    product.mutable_hops()->MergeFrom(stock->hops());
    co_return product;
  }

 private:
  shop::v1::Stock::Stub stock_;
};

}  // namespace

int main(int argc, char** argv) {
  pintle::App app("storefront", argc, argv);
  auto stock = app.clients().named("stock");
  if (!stock) {
    app.log().error("can't call 'stock'", {{"error", stock.error().message()}});
    return 2;
  }
  Storefront storefront(std::move(*stock));
  app.serve(storefront);
  return app.run();
}

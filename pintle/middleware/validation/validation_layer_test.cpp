#include <pintle/middleware/validation/validation_layer.hpp>

#include <buf/validate/validate.pb.h>
#include <gmock/gmock.h>
#include <google/rpc/error_details.pb.h>
#include <validation/shop_test.pintle.hpp>

#include <pintle/rpc/details.hpp>
#include <pintle/testing/kit/in_memory_server.hpp>
#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using shop::test::Item;
using shop::test::Shop;
using ::testing::ElementsAre;
using testing::LayerDriver;
using testing::Script;
using ::testing::SizeIs;

Item good() {
  Item item;
  item.set_name("tea");
  item.mutable_price()->set_units(3);
  return item;
}
Item wrong() {
  Item item = good();
  item.set_name("");
  item.set_quantity(-1);
  (*item.mutable_prices())["EURO"].set_units(1);
  return item;
}

struct ValidationTest : ::testing::Test {
  LayerDriver& drive(std::size_t method) {
    driver.emplace(Side::server, std::make_shared<ValidationLayer>());
    driver->method(Shop::info().methods[method]);
    driver->next(Script().reads_all());
    return *driver;
  }
  std::optional<LayerDriver> driver;
};

TEST_F(ValidationTest, AGoodRequestPasses) {
  auto& call = drive(0).call().sends(good()).start();
  EXPECT_EQ(call.status(), Status());
  EXPECT_THAT(driver->heard().messages, ElementsAre(good().SerializeAsString()));
}

TEST_F(ValidationTest, OneThatBreaksRulesHearsWhichAndWhere) {
  auto& call = drive(0).call().sends(wrong()).start();
  EXPECT_EQ(call.status(), Status(Code::invalid_argument, "name: must be at least 1 characters (and 2 more)"));
  EXPECT_THAT(driver->heard().messages, SizeIs(0));
  const auto violations = detail_of<buf::validate::Violations>(call.status());
  ASSERT_TRUE(violations);
  ASSERT_EQ(violations->violations_size(), 3);
  EXPECT_EQ(violations->violations(0).rule_id(), "string.min_len");
  EXPECT_EQ(violations->violations(0).field().elements(0).field_name(), "name");
  EXPECT_EQ(violations->violations(0).rule().elements(1).field_number(), 2);
  EXPECT_EQ(violations->violations(1).rule_id(), "int64.gte_lt");
  EXPECT_EQ(violations->violations(2).rule_id(), "string.len");
  EXPECT_TRUE(violations->violations(2).for_key());
  EXPECT_EQ(violations->violations(2).field().elements(0).string_key(), "EURO");
  const auto bad = detail_of<google::rpc::BadRequest>(call.status());
  ASSERT_TRUE(bad);
  EXPECT_EQ(bad->field_violations(2).field(), "prices[\"EURO\"]");
  EXPECT_EQ(driver->meter.value("pintle.validation.refused{rpc.method=/shop.test.Shop/Put}"), 1);
}

TEST_F(ValidationTest, OnAStreamEachMessageIsLookedAt) {
  auto& call = drive(1).call().sends(good()).sends(good()).sends(wrong()).start();
  ASSERT_TRUE(call.done());
  EXPECT_EQ(call.status().code(), Code::invalid_argument);
  EXPECT_THAT(driver->heard().messages, SizeIs(2));
}

TEST_F(ValidationTest, WhereThereAreNoRulesThereIsNoLayer) {
  auto& call = drive(2).call().sends(shop::test::Nothing()).start();
  EXPECT_EQ(call.status(), Status());
}

TEST_F(ValidationTest, AThousandViolationsFitIntoTheTrailers) {
  Item item = good();
  for (int i = 0; i < 1000; ++i) (*item.mutable_prices())[std::string(50, 'x') + std::to_string(i)].set_units(-1);
  auto& call = drive(0).call().sends(item).start();
  EXPECT_EQ(call.status().code(), Code::invalid_argument);
  EXPECT_LT(call.status().details().size(), 3500u);
  EXPECT_GT(detail_of<buf::validate::Violations>(call.status())->violations_size(), 5);
}

// Over the wire, as a caller sees it.
struct Counting final : Shop::Service {
  Task<Result<Item>> Put(Call&, const Item& item) override {
    ++asked;
    co_return item;
  }
  int asked = 0;
};

TEST(ValidationOverTheWire, TheHandlerIsNotAskedAndTheCallerSeesTheDetails) {
  Counting service;
  testing::InMemoryServer server;
  ASSERT_TRUE(server.server().add(service).ok());
  server.server().add_layer(std::make_shared<ValidationLayer>());
  Shop::Stub stub(server.channel());
  EXPECT_EQ(server.loop().run(stub.Put(good()))->name(), "tea");
  const auto refused = server.loop().run(stub.Put(wrong()));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Code::invalid_argument);
  EXPECT_EQ(detail_of<buf::validate::Violations>(refused.error())->violations_size(), 3);
  EXPECT_EQ(service.asked, 1);
}

TEST(ViolationsOf, AMessageAreAskedByHandToo) {
  EXPECT_TRUE(violations_of(good()).ok());
  EXPECT_THAT(violations_of(wrong()).all, SizeIs(3));
}

}  // namespace
}  // namespace pintle

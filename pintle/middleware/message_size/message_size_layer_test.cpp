#include <pintle/middleware/message_size/message_size_layer.hpp>

#include <gtest/gtest.h>
#include <validation/shop_test.pintle.hpp>

#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle {
namespace {

using shop::test::Item;
using shop::test::Shop;

struct Taking final : Shop::Service {
  Task<Result<Item>> Put(Call&, const Item&) override { co_return Item(); }
  Task<Result<Item>> PutAll(Call&, Reader<Item>& items) override {
    for (;;) {
      auto item = co_await items.read();
      if (!item) co_return std::unexpected(item.error());
      if (*item == nullptr) co_return Item();
    }
  }
};

Item of_size(std::size_t bytes) {
  Item item;
  item.set_name(std::string(bytes, 'x'));
  return item;
}

struct MessageSizeTest : ::testing::Test {
  MessageSizeTest() {
    EXPECT_TRUE(server.server().add(service).ok());
    std::vector<MessageSizeRule> rules;
    rules.emplace_back("/shop.test.Shop/Put", 100);
    rules.emplace_back("*", 100'000'000);
    server.server().add_layer(std::make_shared<MessageSizeLayer>(std::move(rules)));
  }
  Status put(std::size_t bytes) {
    Shop::Stub stub(server.channel());
    const auto put = server.loop().run(stub.Put(of_size(bytes)));
    return put ? Status() : put.error();
  }
  Taking service;
  testing::InMemoryServer server;
};

TEST_F(MessageSizeTest, AMethodTakesItsOwnMostAndNoMore) {
  EXPECT_EQ(put(90), Status());
  EXPECT_EQ(put(101).code(), Code::resource_exhausted);
  EXPECT_EQ(put(1'000'000).code(), Code::resource_exhausted);
  EXPECT_EQ(put(90), Status());
}

TEST_F(MessageSizeTest, NoneTakesMoreThanTheServer) {
  Shop::Stub stub(server.channel());
  const auto all = [&](std::size_t bytes) -> Task<Status> {
    auto stream = co_await stub.PutAll();
    const Item item = of_size(bytes);
    if (Status written = co_await stream.write(item); !written.ok()) co_return written;
    auto ended = co_await stream.finish();
    co_return ended ? Status() : ended.error();
  };
  EXPECT_EQ(server.loop().run(all(1'000)), Status());
  EXPECT_EQ(server.loop().run(all(5 * 1024 * 1024)).code(), Code::resource_exhausted);
}

}  // namespace
}  // namespace pintle

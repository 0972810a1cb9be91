#include <pintle/security/credentials/credentials_layer.hpp>

#include <gtest/gtest.h>

#include <pintle/client/channel.hpp>
#include <pintle/rpc/test_support/text.hpp>
#include <pintle/testing/kit/in_memory_server.hpp>
#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using testing::LayerDriver;

struct CredentialsTest : ::testing::Test {
  std::expected<std::string, std::string> content = "first\n";
  std::shared_ptr<FileToken> file = std::make_shared<FileToken>([this] { return content; });
  LayerDriver driver{Side::client, std::make_shared<CredentialsLayer>(file)};
  std::string sent() {
    driver.call().sends("x").start();
    return std::string(driver.heard(driver.reached() - 1).metadata.get("authorization").value_or("nothing"));
  }
};

TEST_F(CredentialsTest, EveryCallCarriesTheTokenOfItsTime) {
  ASSERT_TRUE(file->load());
  EXPECT_EQ(sent(), "Bearer first");
  content = " second \r\n";
  EXPECT_EQ(file->load(), true);
  EXPECT_EQ(sent(), "Bearer second");
  EXPECT_EQ(file->load(), false) << "nothing new";
}

TEST_F(CredentialsTest, WhatCannotBeReadOrSentChangesNothing) {
  ASSERT_TRUE(file->load());
  for (const char* bad : {"", "\n", "two words", "line\nbreak", "\xff"}) {
    content = bad;
    EXPECT_EQ(file->load().error().code(), Code::invalid_argument) << bad;
  }
  content = std::unexpected("No such file or directory");
  EXPECT_EQ(file->load().error().message(), "No such file or directory");
  EXPECT_EQ(sent(), "Bearer first");
}

TEST_F(CredentialsTest, WithoutATokenTheCallEndsHereAndSaysWhy) {
  content = std::unexpected("No such file or directory");
  (void)file->load();
  auto& call = driver.call().sends("x").start();
  EXPECT_EQ(call.status().code(), Code::unavailable);
  EXPECT_EQ(call.status().message(), "there is no token to send: No such file or directory");
  EXPECT_EQ(driver.reached(), 0u);
}

TEST_F(CredentialsTest, ACallThatHasItsOwnKeepsIt) {
  ASSERT_TRUE(file->load());
  driver.call().metadata("authorization", "Bearer own").sends("x").start();
  EXPECT_EQ(driver.heard().metadata.get("authorization"), "Bearer own");
}

TEST_F(CredentialsTest, APlaintextChannelRefusesItUnlessItIsToldOtherwise) {
  testing::TestLoop loop;
  struct Nowhere final : Dialer {
    Task<Result<std::unique_ptr<net::ByteStream>>> dial(Loop&, const Endpoint&, Deadline) override {
      co_return unavailable("nowhere");
    }
  };
  for (const bool plaintext : {false, true}) {
    ChannelOptions options;
    options.layers.push_back(std::make_shared<CredentialsLayer>(file, plaintext));
    const auto channel = make_channel({&loop.loop()}, std::make_shared<Nowhere>(), options);
    EXPECT_EQ(channel.has_value(), plaintext);
    if (!channel) {
      EXPECT_EQ(channel.error().code(), Code::invalid_argument);
      EXPECT_NE(channel.error().message().find("credentials"), std::string_view::npos);
    }
  }
  loop.run_until_idle();
}

}  // namespace
}  // namespace pintle

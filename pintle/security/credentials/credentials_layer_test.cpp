#include <pintle/security/credentials/credentials_layer.hpp>

#include <gtest/gtest.h>

#include <pintle/rpc/test_support/text.hpp>
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

TEST_F(CredentialsTest, ItNeedsTlsUnlessItIsToldOtherwise) {
  EXPECT_TRUE(CredentialsLayer(file).needs_tls());
  EXPECT_FALSE(CredentialsLayer(file, true).needs_tls());
}

}  // namespace
}  // namespace pintle

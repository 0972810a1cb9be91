#include <pintle/security/credentials/oauth2_token.hpp>

#include <gmock/gmock.h>

#include <pintle/testing/kit/observed.hpp>
#include <pintle/testing/kit/scripted_fetcher.hpp>
#include <pintle/testing/kit/test_loop.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Pair;

struct OAuth2Test : ::testing::Test {
  OAuth2Test() {
    options.token_url = "https://id.example/token";
    options.client_id = "shop";
    options.client_secret = "s3cret&more";
  }
  ~OAuth2Test() override {
    running->cancel();
    loop.run_until_idle();
  }
  void start() {
    source = std::make_unique<OAuth2Token>(options, fetcher, loop.clock());
    running = loop.start(source->keep_fresh(log.logger()));
  }
  std::string token() const {
    const auto got = source->token();
    return got ? **got : std::string(got.error().message());
  }
  void gives(std::string name, int seconds) {
    fetcher->answers(200, R"({"access_token":")" + std::move(name) + R"(","token_type":"Bearer","expires_in":)" +
                              std::to_string(seconds) + "}");
  }
  testing::TestLoop loop;
  testing::ObservedLog log;
  std::shared_ptr<testing::ScriptedFetcher> fetcher = std::make_shared<testing::ScriptedFetcher>();
  OAuth2Options options;
  std::unique_ptr<OAuth2Token> source;
  std::optional<testing::Running<void>> running;
};

TEST_F(OAuth2Test, AsksAsTheRfcSays) {
  options.scopes = {"items.read", "items.write"};
  options.audience = "https://items.example";
  gives("one", 3600);
  start();
  ASSERT_EQ(fetcher->requests().size(), 1u);
  const HttpRequest& asked = fetcher->requests().front();
  EXPECT_EQ(asked.method, "POST");
  EXPECT_EQ(asked.url, "https://id.example/token");
  EXPECT_THAT(asked.headers, Contains(Pair("content-type", "application/x-www-form-urlencoded")));
  EXPECT_THAT(asked.headers, Contains(Pair("authorization", "Basic c2hvcDpzM2NyZXQlMjZtb3Jl")));
  EXPECT_EQ(asked.body,
            "grant_type=client_credentials&scope=items.read+items.write&audience=https%3A%2F%2Fitems.example");
  EXPECT_EQ(token(), "one");
}

TEST_F(OAuth2Test, ATokenIsReplacedBeforeItExpires) {
  gives("one", 3600);
  start();
  gives("two", 100);
  loop.advance(3539s);
  EXPECT_EQ(token(), "one");
  loop.advance(1s);
  EXPECT_EQ(token(), "two") << "a minute before the end";
  gives("three", 3600);
  loop.advance(79s);
  EXPECT_EQ(token(), "two");
  loop.advance(1s);
  EXPECT_EQ(token(), "three") << "a short one when a fifth of its life is left";
}

TEST_F(OAuth2Test, AnExpiredOneIsNeverSent) {
  gives("one", 100);
  start();
  fetcher->fails(unavailable("connection refused"));
  loop.advance(99s);
  EXPECT_EQ(token(), "one");
  loop.advance(1s);
  EXPECT_EQ(token(), "there is no token to send: connection refused");
  gives("two", 100);
  loop.advance(60s);
  EXPECT_EQ(token(), "two");
}

TEST_F(OAuth2Test, FailuresArePausedLongerAndLogged) {
  fetcher->answers(401, R"({"error":"invalid_client"})");
  start();
  loop.advance(7s);
  EXPECT_EQ(fetcher->requests().size(), 4u) << "after 1, 2 and 4 s";
  EXPECT_EQ(token(), "there is no token to send: the authorization server answered 401 (invalid_client)");
  EXPECT_THAT(log.lines(), Contains(HasSubstr("no token from the authorization server")));
  for (const std::string& line : log.lines()) EXPECT_EQ(line.find("s3cret"), std::string::npos);
}

TEST_F(OAuth2Test, WhatIsNoTokenIsRefused) {
  fetcher->fails(unavailable("not yet"));
  start();
  for (const char* bad :
       {"", "[]", "{}", R"({"access_token":7})", R"({"access_token":""})", R"({"access_token":"a b"})",
        R"({"access_token":"x","token_type":"mac"})", R"({"access_token":"x","expires_in":0})",
        R"({"access_token":"x","expires_in":-5})", R"({"access_token":"x","access_token":"y"})"}) {
    fetcher->answers(200, bad);
    loop.advance(60s);
    EXPECT_THAT(token(), HasSubstr("there is no token to send")) << bad;
  }
  fetcher->answers(200, R"({"access_token":"good","expires_in":1e300})");
  loop.advance(60s);
  EXPECT_EQ(token(), "good");
}

}  // namespace
}  // namespace pintle

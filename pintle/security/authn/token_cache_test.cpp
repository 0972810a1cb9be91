#include <pintle/security/authn/token_cache.hpp>

#include <gtest/gtest.h>

namespace pintle {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const Identity> someone(std::string_view name, WallTime expires) {
  return std::make_shared<const Identity>(Identity().subject(name).expires(expires));
}

TEST(TokenCache, FindsTheVeryTokenUntilItExpires) {
  TokenCache cache(10);
  const WallTime now{100s};
  cache.store("token", 1, someone("anna", now + 10s));
  EXPECT_EQ(cache.find("token", 1, now)->subject(), "anna");
  EXPECT_EQ(cache.find("token ", 1, now), nullptr);
  EXPECT_EQ(cache.find("toke", 1, now), nullptr);
  EXPECT_NE(cache.find("token", 1, now + 9s), nullptr);
  EXPECT_EQ(cache.find("token", 1, now + 10s), nullptr);
  EXPECT_EQ(cache.size(), 0u);
}

TEST(TokenCache, ForgetsWhenTheKeysChange) {
  TokenCache cache(10);
  cache.store("token", 1, someone("anna", WallTime::max()));
  EXPECT_EQ(cache.find("token", 2, WallTime(1s)), nullptr);
  EXPECT_EQ(cache.find("token", 1, WallTime(1s)), nullptr) << "for good";
}

TEST(TokenCache, IsBoundedAndKeepsThoseThatAreUsed) {
  TokenCache cache(3);
  for (const char* token : {"a", "b", "c"}) cache.store(token, 1, someone(token, WallTime::max()));
  EXPECT_NE(cache.find("a", 1, WallTime(1s)), nullptr);
  cache.store("d", 1, someone("d", WallTime::max()));
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_NE(cache.find("a", 1, WallTime(1s)), nullptr);
  EXPECT_EQ(cache.find("b", 1, WallTime(1s)), nullptr);
  cache.store("d", 1, someone("again", WallTime::max()));
  EXPECT_EQ(cache.find("d", 1, WallTime(1s))->subject(), "again");
  EXPECT_EQ(cache.size(), 3u);
  TokenCache none(0);
  none.store("a", 1, someone("a", WallTime::max()));
  EXPECT_EQ(none.find("a", 1, WallTime(1s)), nullptr);
}

}  // namespace
}  // namespace pintle

#include <pintle/transport/http1/http_url.hpp>

#include <gtest/gtest.h>

namespace pintle {
namespace {

TEST(HttpUrl, HasItsParts) {
  const auto plain = parse_http_url("http://127.0.0.1:8080/keys?set=1");
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->tls);
  EXPECT_EQ(plain->host, "127.0.0.1");
  EXPECT_EQ(plain->port, 8080);
  EXPECT_EQ(plain->authority, "127.0.0.1:8080");
  EXPECT_EQ(plain->target, "/keys?set=1");

  const auto secure = parse_http_url("https://[::1]");
  ASSERT_TRUE(secure);
  EXPECT_TRUE(secure->tls);
  EXPECT_EQ(secure->host, "::1");
  EXPECT_EQ(secure->port, 443);
  EXPECT_EQ(secure->target, "/");
  EXPECT_EQ(parse_http_url("http://h?a=b")->target, "/?a=b");
}

TEST(HttpUrl, WhatIsNoneIsRefused) {
  for (const char* bad :
       {"", "ftp://h/", "HTTPS://h/", "https://", "https:///x", "https://user@h/", "https://h/#f", "https://h:99999/",
        "https://h/a b", "https://h/\r\nX: y", "https://h:x/", "h/x", "https://h/\xc3\xa4"})
    EXPECT_EQ(parse_http_url(bad).error().code(), Code::invalid_argument) << bad;
}

}  // namespace
}  // namespace pintle

#include <pintle/security/jwt/base64url.hpp>

#include <gtest/gtest.h>

namespace pintle {
namespace {

TEST(Base64url, IsTheExampleOfItsAppendix) {
  const std::string bytes("\x03\xec\xff\xe0\xc1", 5);
  EXPECT_EQ(encode_base64url(bytes), "A-z_4ME");
  EXPECT_EQ(decode_base64url("A-z_4ME"), bytes);
  EXPECT_EQ(decode_base64url(""), "");
}

TEST(Base64url, EveryLengthComesBack) {
  std::string bytes;
  for (int i = 0; i < 70; ++i) {
    EXPECT_EQ(decode_base64url(encode_base64url(bytes)), bytes);
    bytes.push_back(static_cast<char>(i * 37));
  }
}

TEST(Base64url, ThereIsOneWayToWriteBytes) {
  for (const char* bad : {"A-z_4ME=", "A+z/4ME", "A-z_4ME\n", " A-z_4ME", "A", "A-z_4", "AB", "AAB", "A-z_4M\xc3"})
    EXPECT_FALSE(decode_base64url(bad)) << bad;
  EXPECT_TRUE(decode_base64url("AA"));
  EXPECT_TRUE(decode_base64url("AAA"));
}

}  // namespace
}  // namespace pintle

#include <pintle/wire/base64.hpp>

#include <optional>

#include <gtest/gtest.h>

namespace pintle::wire {
namespace {

std::string encode(std::string_view bytes) {
  std::string out;
  base64_encode(bytes, out);
  return out;
}

std::optional<std::string> decode(std::string_view text) {
  std::string out;
  if (!base64_decode(text, out)) return std::nullopt;
  return out;
}

struct Vector {
  const char *bytes, *padded, *unpadded;
};
// RFC 4648 section 10.
constexpr Vector kVectors[] = {
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
};

TEST(Base64, TheVectorsOfTheRfcWithoutPadding) {
  for (const Vector& v : kVectors) EXPECT_EQ(encode(v.bytes), v.unpadded);
}

TEST(Base64, BothFormsAreRead) {
  for (const Vector& v : kVectors) {
    EXPECT_EQ(decode(v.padded), v.bytes);
    EXPECT_EQ(decode(v.unpadded), v.bytes);
  }
}

TEST(Base64, TheStandardAlphabet) {
  EXPECT_EQ(encode("\xFB\xEF\xBE\xFF\xFF\xFF"), "++++////");
  EXPECT_EQ(decode("++++////"), "\xFB\xEF\xBE\xFF\xFF\xFF");
}

TEST(Base64, NothingElseIsRead) {
  for (const char* text : {"----",    "____",     "Zm9-",   "Zm 9v", "Zm9v\n",   " Zm9v", "Zm9v ", "Zm9v,",
                           "Zm9\x80", "Zm\3779v", "Z",      "Zm9vY", "=",        "==",    "====",  "Zg=",
                           "Zm8==",   "Zm9v=",    "Zm9v==", "Z===",  "Zg==Zg==", "Zg=g",  "=Zg=",  "Zg==Zm9v"}) {
    EXPECT_EQ(decode(text), std::nullopt) << testing::PrintToString(text);
  }
  EXPECT_EQ(decode(std::string_view("Zm9\0", 4)), std::nullopt);
  EXPECT_EQ(decode(std::string_view("Zm9vYmFy").substr(0, 5)), std::nullopt);  // digits behind the end don't count
}

TEST(Base64, EachByteOutsideTheAlphabetIsRefusedAtEachPlace) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    for (std::size_t place = 0; place < 7; ++place) {
      std::string text = "AAAAAAA";
      text[place] = c;
      EXPECT_EQ(decode(text).has_value(), kAlphabet.contains(c)) << byte << " at " << place;
    }
  }
}

TEST(Base64, BitsBehindTheLastByteAreIgnored) {
  EXPECT_EQ(decode("Zh"), "f");
  EXPECT_EQ(decode("Zm9"), "fo");
}

TEST(Base64, AppendsOrLeavesAlone) {
  std::string out = "kept ";
  EXPECT_TRUE(base64_decode("Zm9v", out));
  EXPECT_EQ(out, "kept foo");
  EXPECT_FALSE(base64_decode("Zm9vZm9v!", out));
  EXPECT_FALSE(base64_decode("Zm9vZm9!", out));
  EXPECT_EQ(out, "kept foo");
  base64_encode("f", out);
  EXPECT_EQ(out, "kept fooZg");
}

}  // namespace
}  // namespace pintle::wire

#include <pintle/wire/utf8.hpp>

#include <gtest/gtest.h>

namespace pintle::wire {
namespace {

constexpr const char* kReplacement = "\xEF\xBF\xBD";

TEST(Utf8, WellFormedTextIsValid) {
  for (const char* text : {"", "plain", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                           "\xF4\x8F\xBF\xBF", "\xC2\x80", "\xE0\xA0\x80", "\xF0\x90\x80\x80"}) {
    EXPECT_TRUE(valid_utf8(text)) << text;
    EXPECT_EQ(to_valid_utf8(text), text);
  }
}

TEST(Utf8, IllFormedTextIsNot) {
  for (const char* text : {
           "\x80",
           "\xBF",
           "\xC0\x80",
           "\xC1\xBF",  // lone continuation, overlong
           "\xE0\x80\x80",
           "\xE0\x9F\xBF",  // overlong in three bytes
           "\xF0\x80\x80\x80",
           "\xF0\x8F\xBF\xBF",  // overlong in four
           "\xED\xA0\x80",
           "\xED\xBF\xBF",  // surrogates
           "\xF4\x90\x80\x80",
           "\xF5\x80\x80\x80",  // above U+10FFFF
           "\xFF",
           "\xC3",
           "\xE2\x82",
           "\xF0\x9F\x98",  // cut short
           "\xC3g",
           "\xE2\x82g",
           "a\xF0\x9F\x98z",
       }) {
    EXPECT_FALSE(valid_utf8(text)) << testing::PrintToString(text);
    EXPECT_TRUE(valid_utf8(to_valid_utf8(text))) << testing::PrintToString(text);
  }
}

TEST(Utf8, OneReplacementPerMaximalSubpart) {
  const std::string r = kReplacement;
  // The example of the Unicode standard, table 3-8, and its neighbours.
  EXPECT_EQ(to_valid_utf8("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"), r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(to_valid_utf8("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), r + r + r + r + "A");
  EXPECT_EQ(to_valid_utf8("a\xF0\x9F\x98z"), "a" + r + "z");
  EXPECT_EQ(to_valid_utf8("\xC3"), r);
}

TEST(Utf8, CutBeforeTheCharacterThatStraddlesTheLimit) {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z";  // 1 + 2 + 3 + 4 + 1 bytes
  constexpr std::size_t kCut[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
  for (std::size_t limit = 0; limit < std::size(kCut); ++limit) {
    EXPECT_EQ(truncate_utf8(text, limit), text.substr(0, kCut[limit])) << limit;
  }
}

TEST(Utf8, BytesThatAreNoTextAreCutAnywhere) {
  EXPECT_EQ(truncate_utf8("\x80\x80\x80\x80\x80", 3), "\x80\x80\x80");
  EXPECT_EQ(truncate_utf8("\xF0\xF0\xF0\xF0", 2), "\xF0\xF0");
}

}  // namespace
}  // namespace pintle::wire

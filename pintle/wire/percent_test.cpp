#include <pintle/wire/percent.hpp>

#include <gtest/gtest.h>

namespace pintle::wire {
namespace {

std::string encode(std::string_view text) {
  std::string out;
  percent_encode(text, out);
  return out;
}

std::string encode_within(std::string_view text, std::size_t limit) {
  std::string out;
  percent_encode_within(text, limit, out);
  return out;
}

TEST(Percent, PrintableAsciiTravelsAsItIs) {
  std::string text;
  for (char c = 0x20; c < 0x7F; ++c)
    if (c != '%') text.push_back(c);
  EXPECT_EQ(encode(text), text);
  EXPECT_EQ(percent_decode(text), text);
  EXPECT_EQ(encode(""), "");
  EXPECT_EQ(percent_decode(""), "");
}

TEST(Percent, EverythingElseIsCodedInUpperCase) {
  EXPECT_EQ(encode("100%"), "100%25");
  EXPECT_EQ(encode("a\tb\r\nc"), "a%09b%0D%0Ac");
  EXPECT_EQ(encode("\x7F"), "%7F");
  EXPECT_EQ(encode(std::string_view("\0", 1)), "%00");
  EXPECT_EQ(encode("caf\xC3\xA9"), "caf%C3%A9");
}

// The message of the interop case special_status_message, with the coding that the specification gives it.
TEST(Percent, TheInteropMessage) {
  const std::string message =
      "\t\ntest with whitespace\r\nand Unicode BMP \xE2\x98\xBA and non-BMP \xF0\x9F\x98\x88\t\n";
  const std::string coded = "%09%0Atest with whitespace%0D%0Aand Unicode BMP %E2%98%BA and non-BMP %F0%9F%98%88%09%0A";
  EXPECT_EQ(encode(message), coded);
  EXPECT_EQ(percent_decode(coded), message);
}

TEST(Percent, AppendsToWhatIsThere) {
  std::string out = "before ";
  percent_encode("100%", out);
  EXPECT_EQ(out, "before 100%25");
}

TEST(Percent, LowerCaseDigitsAreRead) { EXPECT_EQ(percent_decode("caf%c3%a9"), "caf\xC3\xA9"); }

TEST(Percent, WhatIsNotACodeStaysRaw) {
  for (const char* value : {"%", "%%", "100%", "%2", "%zz", "%2g", "%g2", "a%zzb", "% 41", "%-1"}) {
    EXPECT_EQ(percent_decode(value), value);
  }
  EXPECT_EQ(percent_decode("%zz%41%4"), "%zzA%4");
  EXPECT_EQ(percent_decode("%%41"), "%A");
}

TEST(Percent, WhatIsNotUtf8IsReplacedAndTheRestKept) {
  EXPECT_EQ(percent_decode("bad %FF byte"), "bad \xEF\xBF\xBD byte");
  EXPECT_EQ(percent_decode("raw \xFF byte"), "raw \xEF\xBF\xBD byte");
  EXPECT_EQ(percent_decode("cut %E2%82"), "cut \xEF\xBF\xBD");
}

TEST(Percent, RawUtf8IsKept) { EXPECT_EQ(percent_decode("caf\xC3\xA9"), "caf\xC3\xA9"); }

TEST(Percent, ALimitCutsBetweenCharacters) {
  EXPECT_EQ(encode_within("plain text", 5), "plain");
  EXPECT_EQ(encode_within("plain", 5), "plain");
  EXPECT_EQ(encode_within("a%b", 3), "a");
  EXPECT_EQ(encode_within("a%b", 4), "a%25");
  // The euro sign takes nine bytes encoded: all of them or none.
  for (std::size_t limit = 1; limit < 10; ++limit) EXPECT_EQ(encode_within("x\xE2\x82\xAC", limit), "x") << limit;
  EXPECT_EQ(encode_within("x\xE2\x82\xAC", 10), "x%E2%82%AC");
  EXPECT_EQ(encode_within("anything", 0), "");
}

}  // namespace
}  // namespace pintle::wire

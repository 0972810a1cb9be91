#include <gtest/gtest.h>

#include "comments.hpp"

namespace pintle::plugin {
namespace {

TEST(Comments, KeepTheirLinesAndIndentation) {
  EXPECT_EQ(comment_lines(" One\n   two\n\n three\n", "  "), "  // One\n  //   two\n  //\n  // three\n");
}

TEST(Comments, NothingGivesNothing) {
  EXPECT_EQ(comment_lines("", ""), "");
  EXPECT_EQ(comment_lines(" \n\n  \n", ""), "");
}

TEST(Comments, BlankLinesAtBothEndsGo) { EXPECT_EQ(comment_lines("\n\n  Text\n\n", ""), "//  Text\n"); }

TEST(Comments, ATightLineGetsABlank) { EXPECT_EQ(comment_lines("Tight\n", ""), "// Tight\n"); }

// A // comment that ends with a backslash takes the next line with it, also with blanks after the backslash.
TEST(Comments, ABackslashAtTheEndOfALineContinuesNothing) {
  EXPECT_EQ(comment_lines(" a \\\n b \\  \n", ""), "// a \\.\n// b \\.\n");
}

TEST(Comments, EveryKindOfLineEndStartsACommentAnew) {
  EXPECT_EQ(comment_lines("a\rint b;\r\nc\n", ""), "// a\n// int b;\n// c\n");
}

TEST(Comments, ControlCharactersBecomeBlanks) {
  EXPECT_EQ(comment_lines(std::string_view("a\0b\f\v\x1b c", 8), ""), "// a b    c\n");
}

}  // namespace
}  // namespace pintle::plugin

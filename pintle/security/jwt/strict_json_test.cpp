#include <pintle/security/jwt/internal/strict_json.hpp>

#include <gtest/gtest.h>

namespace pintle::jwt {
namespace {

TEST(StrictJson, ReadsAnObject) {
  const auto object = parse_object(R"( {"a":"x","b":[1,{"a":2.5}],"c":{"a":null}} )");
  ASSERT_TRUE(object);
  EXPECT_EQ(*text_at(*object, "a"), "x");
  EXPECT_EQ(text_at(*object, "b"), nullptr);
  EXPECT_EQ(text_at(*object, "z"), nullptr);
}

TEST(StrictJson, RefusesWhatCanBeReadInTwoWays) {
  for (const std::string_view bad : {R"({"a":1,"a":1})",
                                     R"({"a":1,"\u0061":2})",
                                     R"({"o":{"b":1,"b":2}})",
                                     R"([{"a":1}])",
                                     R"("a")",
                                     "",
                                     "{",
                                     "{}{}",
                                     "{} x",
                                     R"({"a":01})",
                                     R"({"a":1e400})",
                                     R"({"a":-1e400})",
                                     R"({"a":NaN})",
                                     R"({"a":"\u0000"})",
                                     R"({"\u0000":1})",
                                     "{\"a\":\"\xff\"}",
                                     "\xef\xbb\xbf{}",
                                     "{\"a\":\"\xed\xa0\x80\"}",
                                     R"({"a":"\ud800"})",
                                     R"({"a":1,})",
                                     R"({'a':1})",
                                     "{\"a\":\"\n\"}",
                                     R"({"a":1}//)"})
    EXPECT_FALSE(parse_object(bad)) << bad;
  EXPECT_FALSE(parse_object(std::string_view("{}\0", 3)));
}

TEST(StrictJson, GoesSixteenDeepAndNoDeeper) {
  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += R"({"a":)";
    return text + "1" + std::string(static_cast<std::size_t>(depth), '}');
  };
  EXPECT_TRUE(parse_object(nested(16)));
  EXPECT_FALSE(parse_object(nested(17)));
  EXPECT_FALSE(parse_object(nested(100'000)));
}

}  // namespace
}  // namespace pintle::jwt

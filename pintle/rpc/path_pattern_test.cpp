// Which paths a pattern means.
#include <pintle/rpc/path_pattern.hpp>

#include <gtest/gtest.h>

#include <pintle/rpc/layer.hpp>

namespace pintle {
namespace {

struct Row {
  std::string_view pattern, path;
  bool matches;
};

TEST(PathPattern, StarStandsForAnyRunWithinASegment) {
  const Row table[] = {
      {"/items.v1.ItemService/GetItem", "/items.v1.ItemService/GetItem", true},
      {"/items.v1.ItemService/GetItem", "/items.v1.ItemService/GetItems", false},
      {"/items.v1.ItemService/GetItems", "/items.v1.ItemService/GetItem", false},
      {"/items.v1.ItemService/*", "/items.v1.ItemService/GetItem", true},
      {"/items.v1.ItemService/*", "/items.v1.ItemService/", true},
      {"/items.v1.ItemService/*", "/items.v1.ItemService/a/b", false},
      {"/items.v1.ItemService/*", "/items.v1.ItemServices/GetItem", false},
      {"/items.v1.*/Get*", "/items.v1.ItemService/GetItem", true},
      {"/items.v1.*/Get*", "/items.v1.ItemService/ListItems", false},
      {"/items.v1.*/Get*", "/items.v1.A/B/Get", false},
      {"/*/*", "/items.v1.ItemService/GetItem", true},
      {"/*/*", "/items.v1.ItemService", false},
      {"/*Service/*Item*", "/items.v1.ItemService/BatchGetItems", true},
      {"/*Service/*Item", "/items.v1.ItemService/GetItemItem", true},
      {"*", "/items.v1.ItemService/GetItem", true},
      {"*", "_OTHER", true},
      {"*", "", true},
      {"**", "/a", false},
      {"_OTHER", "_OTHER", true},
      {"", "", true},
      {"", "/a", false},
  };
  for (const Row& row : table)
    EXPECT_EQ(path_matches(row.pattern, row.path), row.matches) << row.pattern << " " << row.path;
}

// Polynomial, whatever the configuration says: a backtracking matcher would take hours here.
TEST(PathPattern, IsQuickWhateverIsWritten) {
  std::string pattern, path(2000, 'a');
  for (int i = 0; i < 30; ++i) pattern += "a*";
  pattern += "b";
  EXPECT_FALSE(path_matches(pattern, path));
}

TEST(MethodOverlays, CountInTheirOrderWhereTheirPatternMatches) {
  MethodInfo method;
  method.path = "/s/Get";
  method.options = "own ";
  const MethodOverlay overlays[] = {{"/s/*", "first "}, {"/t/*", "never "}, {"*", "second"}};
  EXPECT_EQ(resolved_options(method, overlays), "own first second");
  EXPECT_EQ(resolved_options(method, {}), "own ");
}

}  // namespace
}  // namespace pintle

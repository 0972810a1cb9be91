#include <pintle/base/metadata.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pintle {
namespace {

using ::testing::ElementsAre;

TEST(Metadata, RepeatedKeysKeepTheirOrder) {
  Metadata m;
  m.add("k", "1").add("other", "x").add("k", "2");
  EXPECT_THAT(m.all("k"), ElementsAre("1", "2"));
  EXPECT_EQ(m.get("k"), "1");
  EXPECT_EQ(m.get("absent"), std::nullopt);
}

TEST(Metadata, SetReplacesEveryValueEvenWithAViewIntoItself) {
  Metadata m;
  m.add("k", "1").add("k", "2");
  m.set("k", *m.get("k"));
  EXPECT_THAT(m.all("k"), ElementsAre("1"));
}

TEST(Metadata, GrowsCopiesAndTakesViewsIntoItself) {
  Metadata m;
  for (int i = 0; i < 100; ++i) m.add("key-" + std::to_string(i), std::string(static_cast<std::size_t>(i), 'v'));
  for (int i = 0; i < 100; ++i) m.add("again", *m.get("key-99"));
  Metadata copy = m;
  m.clear();
  EXPECT_EQ(copy.size(), 200u);
  EXPECT_EQ(copy.get("key-42"), std::string(42, 'v'));
  EXPECT_EQ(copy.all("again").back(), std::string(99, 'v'));
  copy.remove("again");
  EXPECT_EQ(copy.size(), 100u);
  m = std::move(copy);
  EXPECT_EQ((*m.begin()).key, "key-0");
}

TEST(Metadata, KeysThatTheWireRefusesAreKnown) {
  EXPECT_TRUE(Metadata::valid_key("x-request.id_1"));
  for (auto bad : {"", "Upper", ":path", "space key", "k\xc3\xa9"}) EXPECT_FALSE(Metadata::valid_key(bad)) << bad;
  EXPECT_TRUE(Metadata::is_binary("trace-bin"));
}

TEST(Metadata, IteratesInInsertionOrderAndIsEmptyAfterClear) {
  Metadata m;
  m.add("a", "1").add("b", "2");
  std::string seen;
  for (auto [key, value] : m) seen.append(key).append(value);
  EXPECT_EQ(seen, "a1b2");
  m.clear();
  EXPECT_TRUE(m.empty());
}

}  // namespace
}  // namespace pintle

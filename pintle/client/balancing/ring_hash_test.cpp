#include <pintle/client/balancing/ring_hash.hpp>

#include <gmock/gmock.h>

#include <pintle/client/balancing/random_subset.hpp>
#include <pintle/client/balancing/round_robin.hpp>
#include <pintle/client/balancing/test_support/policy_test.hpp>

namespace pintle {
namespace {

using test::PolicyTest;
using ::testing::HasSubstr;

std::vector<std::string> names(int n) {
  std::vector<std::string> all;
  for (int i = 0; i < n; ++i) all.push_back("host-" + std::to_string(i));
  return all;
}

struct RingHashTest : ::testing::Test, PolicyTest {
  RingHashTest() {
    options.key = "x-user";
    chance = test::seeded();
  }
  std::string user(int n) { return pick("x-user", std::to_string(n)); }
  RingHashOptions options;
};

TEST_F(RingHashTest, OneKeyIsAlwaysAtOnePlaceAndKeysAreSpread) {
  start_ready(*ring_hash(options), names(5));
  std::map<std::string, int> count;
  for (int i = 0; i < 5000; ++i) {
    const std::string at = user(i);
    EXPECT_EQ(user(i), at);
    ++count[at];
  }
  for (const auto& [name, n] : count) EXPECT_NEAR(n, 1000, 350) << name;
}

TEST_F(RingHashTest, WhoLeavesTakesNoKeysAlongButItsOwn) {
  start_ready(*ring_hash(options), names(5));
  std::vector<std::string> before;
  for (int i = 0; i < 2000; ++i) before.push_back(user(i));
  std::erase(list, &at("host-2"));
  update();
  int moved = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string& home = before[static_cast<std::size_t>(i)];
    moved += home != "host-2" && user(i) != home ? 1 : 0;
  }
  EXPECT_EQ(moved, 0);
}

TEST_F(RingHashTest, ConnectsToWhomItNeeds) {
  start(*ring_hash(options), names(5));
  for (const auto& s : subchannels) EXPECT_EQ(s.connects, 0);
  EXPECT_EQ(user(7), "wait");
  int connects = 0;
  for (const auto& s : subchannels) connects += s.connects;
  EXPECT_EQ(connects, 1);
}

TEST_F(RingHashTest, WhereOneHasFailedTheNextOnTheRingHasItsKeys) {
  start_ready(*ring_hash(options), names(3));
  const std::string home = user(7);
  at(home).fail();
  update();
  const std::string next = user(7);
  EXPECT_NE(next, home);
  EXPECT_THAT(next, HasSubstr("host-"));
  for (auto* s : list) s->fail();
  update();
  EXPECT_THAT(user(7), HasSubstr("is down"));
  at(home).now = Connectivity::ready;
  EXPECT_EQ(user(7), home);
}

TEST_F(RingHashTest, HeavyEndpointsHaveMoreKeys) {
  start(*ring_hash(options), {});
  list.push_back(&subchannels.emplace_back("heavy").attribute("weight", "3"));
  list.push_back(&subchannels.emplace_back("light").attribute("weight", "1"));
  update();
  for (auto* s : list) s->now = Connectivity::ready;
  int heavy = 0;
  for (int i = 0; i < 4000; ++i) heavy += user(i) == "heavy" ? 1 : 0;
  EXPECT_NEAR(heavy, 3000, 300);
}

TEST_F(RingHashTest, CallsWithoutAKeyGoAnywhere) {
  start_ready(*ring_hash(options), names(4));
  EXPECT_EQ(picks(1000).size(), 4u);
}

struct RandomSubsetTest : ::testing::Test, PolicyTest {
  std::vector<std::string> connected() {
    std::vector<std::string> all;
    for (auto* s : list)
      if (s->connects > 0) all.push_back(s->name);
    return all;
  }
};

TEST_F(RandomSubsetTest, AClientKnowsItsPartOnlyAndKeepsIt) {
  start(*random_subset(3, 42, round_robin()), names(10));
  const auto mine = connected();
  EXPECT_EQ(mine.size(), 3u);
  std::erase(list, &at(mine.front()));
  update();
  EXPECT_EQ(connected().size(), 3u) << "two stay, one is new";
}

TEST_F(RandomSubsetTest, ManyClientsSpreadEvenly) {
  std::map<std::string, int> count;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    PolicyTest one;
    one.start(*random_subset(3, seed * 7919, round_robin()), names(10));
    for (auto* s : one.list) count[s->name] += s->connects;
  }
  for (const auto& [name, n] : count) EXPECT_NEAR(n, 300, 60) << name;
}

TEST_F(RandomSubsetTest, FewerThanThatAreAll) {
  start_ready(*random_subset(5, 1, round_robin()), names(3));
  EXPECT_EQ(picks(30).size(), 3u);
}

}  // namespace
}  // namespace pintle

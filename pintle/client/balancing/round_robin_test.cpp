#include <pintle/client/balancing/round_robin.hpp>

#include <gmock/gmock.h>

#include <pintle/client/balancing/test_support/policy_test.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using test::PolicyTest;
using ::testing::ElementsAre;
using ::testing::Pair;

struct RoundRobinTest : ::testing::Test, PolicyTest {
  std::string order(int n) {
    std::string all;
    for (int i = 0; i < n; ++i) all += call();
    return all;
  }
};

TEST_F(RoundRobinTest, ConnectsToAllAndWaitsForTheFirst) {
  start(*round_robin(), {"a", "b", "c"});
  for (const char* name : {"a", "b", "c"}) EXPECT_EQ(at(name).connects, 1);
  EXPECT_EQ(pick(), "wait");
  set("b", Connectivity::ready);
  EXPECT_EQ(order(3), "bbb");
}

TEST_F(RoundRobinTest, TakesTurnsAmongThoseThatAreReady) {
  chance = [] { return 0.99; };
  start_ready(*round_robin(), {"a", "b", "c"});
  EXPECT_EQ(order(6), "cabcab") << "it begins where chance says";
  set("b", Connectivity::connecting);
  EXPECT_THAT(picks(100), ElementsAre(Pair("a", 50), Pair("c", 50)));
}

TEST_F(RoundRobinTest, OneThatIsLostIsConnectedAgain) {
  start_ready(*round_robin(), {"a", "b"});
  set("a", Connectivity::idle);
  EXPECT_EQ(at("a").connects, 2);
  EXPECT_EQ(order(2), "bb");
}

TEST_F(RoundRobinTest, FailsWhenAllHaveFailedAndSaysWhy) {
  start(*round_robin(), {"a", "b"});
  at("a").fail();
  update();
  EXPECT_EQ(pick(), "wait") << "b may come up";
  at("b").fail();
  update();
  EXPECT_EQ(pick(), "b is down");
  set("a", Connectivity::idle);  // its backoff is over: it connects again, and that alone makes nobody wait
  EXPECT_EQ(at("a").connects, 2);
  EXPECT_EQ(pick(), "b is down");
  set("a", Connectivity::ready);
  EXPECT_EQ(pick(), "a");
}

TEST_F(RoundRobinTest, ANewEndpointHasItsShareLittleByLittle) {
  SlowStart slow;
  slow.window = 10s;
  slow.least = 0.1;
  chance = test::seeded();
  start_ready(*round_robin(slow), {"a", "b"});
  clock.advance(10s);
  list.push_back(&subchannels.emplace_back("c"));
  update();
  set("c", Connectivity::ready);
  const int early = picks(3000)["c"];
  EXPECT_NEAR(early, 3000 * 0.1 / 2.1, 60);
  clock.advance(5s);
  EXPECT_NEAR(picks(3000)["c"], 3000 * 0.5 / 2.5, 90);
  clock.advance(5s);
  EXPECT_EQ(picks(3000)["c"], 1000);
}

struct WeightedRoundRobinTest : RoundRobinTest {};

TEST_F(WeightedRoundRobinTest, SharesByWeightAndSpreadsEvenly) {
  start(*weighted_round_robin(), {});
  for (const auto& [name, weight] : {std::pair("a", "5"), {"b", "1"}, {"c", "1"}})
    list.push_back(&subchannels.emplace_back(name).attribute("weight", weight));
  update();
  for (auto* s : list) s->now = Connectivity::ready;
  update();
  EXPECT_EQ(order(7), "aabacaa");
  EXPECT_THAT(picks(700), ElementsAre(Pair("a", 500), Pair("b", 100), Pair("c", 100)));
}

TEST_F(WeightedRoundRobinTest, AWeightThatIsNoneIsOne) {
  start(*weighted_round_robin(), {});
  for (const char* weight : {"", "0", "-1", "heavy", "1e99", "2x"})
    list.push_back(&subchannels.emplace_back(weight).attribute("weight", weight));
  update();
  for (auto* s : list) s->now = Connectivity::ready;
  update();
  for (const auto& [name, count] : picks(600)) EXPECT_EQ(count, 100) << name;
}

}  // namespace
}  // namespace pintle

#include <pintle/client/balancing/least_request.hpp>

#include <gmock/gmock.h>

#include <pintle/client/balancing/test_support/policy_test.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using test::AnyCall;
using test::PolicyTest;

struct LeastRequestTest : ::testing::Test, PolicyTest {
  // Calls that begin each millisecond and take what their endpoint takes. Gives how many each had.
  std::map<std::string, int> load(int calls, const std::map<std::string, Duration>& takes) {
    struct Running {
      std::unique_ptr<AnyCall> call;
      FakeAt* at;
      TimePoint until;
    };
    std::map<std::string, int> count;
    std::deque<Running> running;
    for (int i = 0; i < calls; ++i) {
      auto any = std::make_unique<AnyCall>(clock);
      const Pick pick = balancer->pick(any->call);
      auto* at = static_cast<FakeAt*>(pick.subchannel());
      ++count[at->name];
      running.push_back({std::move(any), at, clock.now() + takes.at(at->name)});
      clock.advance(1ms);
      for (auto it = running.begin(); it != running.end();) {
        if (it->until > clock.now()) {
          ++it;
          continue;
        }
        PickOutcome outcome;
        outcome.opened = true;
        balancer->on_done(*it->at, it->call->call, outcome);
        it = running.erase(it);
      }
    }
    return count;
  }
  using FakeAt = test::FakeSubchannel;
  LeastRequestTest() { chance = test::seeded(); }
};

TEST_F(LeastRequestTest, SpreadsEvenlyWhereAllAreAlike) {
  start_ready(*least_request(), {"a", "b", "c"});
  for (const auto& [name, n] : load(3000, {{"a", 5ms}, {"b", 5ms}, {"c", 5ms}})) EXPECT_NEAR(n, 1000, 150) << name;
}

TEST_F(LeastRequestTest, ASlowOneHasFewCalls) {
  start_ready(*least_request(), {"fast", "also", "slow"});
  const auto count = load(5000, {{"fast", 10ms}, {"also", 10ms}, {"slow", 100ms}});
  EXPECT_LT(count.at("slow"), 250) << "a twentieth; by turns it would be a third";
}

TEST_F(LeastRequestTest, WithoutLatenciesCallsInFlightAloneCount) {
  LeastRequestOptions options;
  options.latency_aware = false;
  start_ready(*least_request(options), {"fast", "slow"});
  const auto count = load(4000, {{"fast", 10ms}, {"slow", 100ms}});
  EXPECT_NEAR(count.at("slow"), 4000.0 / 11, 150) << "a tenth of what the fast one has";
}

TEST_F(LeastRequestTest, ASlowOneThatRecoversIsFound) {
  start_ready(*least_request(), {"a", "b"});
  load(2000, {{"a", 5ms}, {"b", 200ms}});
  clock.advance(30s);
  const auto count = load(4000, {{"a", 5ms}, {"b", 5ms}});
  EXPECT_GT(count.at("b"), 1500);
}

TEST_F(LeastRequestTest, FailingFastAttractsNobody) {
  start_ready(*least_request(), {"works", "fails"});
  std::map<std::string, int> count;
  for (int i = 0; i < 2000; ++i) {
    AnyCall any(clock);
    const Pick pick = balancer->pick(any.call);
    const std::string name = text(pick);
    ++count[name];
    clock.advance(name == "works" ? 10ms : 0ms);
    PickOutcome outcome;
    outcome.opened = true;
    if (name == "fails") outcome.status = Status(Code::unavailable, "broken");
    balancer->on_done(*pick.subchannel(), any.call, outcome);
  }
  EXPECT_LT(count["fails"], 400);
}

TEST_F(LeastRequestTest, OneEndpointHasAll) {
  start_ready(*least_request(), {"a"});
  EXPECT_EQ(picks(100)["a"], 100);
}

TEST_F(LeastRequestTest, ACallThatEndsAfterItsEndpointLeftIsNoHarm) {
  start_ready(*least_request(), {"a", "b"});
  AnyCall any(clock);
  const Pick pick = balancer->pick(any.call);
  std::erase(list, pick.subchannel());
  update();
  balancer->on_done(*pick.subchannel(), any.call, {});
  EXPECT_NE(call(), "wait");
}

}  // namespace
}  // namespace pintle

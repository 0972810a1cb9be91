#include <pintle/client/balancing/outlier_detection.hpp>

#include <gmock/gmock.h>

#include <pintle/client/balancing/round_robin.hpp>
#include <pintle/client/balancing/test_support/policy_test.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using test::PolicyTest;
using ::testing::Contains;
using ::testing::Key;
using ::testing::Not;

struct OutlierDetectionTest : ::testing::Test, PolicyTest {
  static OutlierOptions by_failures() {
    OutlierOptions options;
    options.success_rate.reset();
    options.failure_percentage.emplace();
    options.failure_percentage->request_volume = 10;
    options.max_ejection_percent = 50;
    return options;
  }
  void begin(const OutlierOptions& options, int hosts = 5) {
    std::vector<std::string> names;
    for (int i = 0; i < hosts; ++i) names.emplace_back(1, static_cast<char>('a' + i));
    start_ready(*outlier_detection(options, round_robin()), std::move(names));
  }
  // Who has calls now.
  std::map<std::string, int> served() {
    std::map<std::string, int> count;
    for (int i = 0; i < 50; ++i) ++count[pick()];
    return count;
  }
  // So many calls to each; those at `bad` fail in `failures` of a hundred.
  void calls(int each, const std::string& bad, int failures = 100) {
    std::map<std::string, int> had;
    for (int i = 0; i < each * static_cast<int>(list.size()); ++i) {
      test::AnyCall any(clock);
      const Pick pick = balancer->pick(any.call);
      if (pick.kind() != Pick::Kind::subchannel) return;
      PickOutcome outcome;
      outcome.opened = true;
      const std::string name = text(pick);
      if (bad.find(name) != std::string::npos && had[name]++ % 100 < failures)
        outcome.status = Status(Code::unavailable, "broken");
      balancer->on_done(*pick.subchannel(), any.call, outcome);
    }
  }
};

TEST_F(OutlierDetectionTest, WhoFailsIsOutForHalfAMinuteAndComesBack) {
  begin(by_failures());
  calls(20, "c");
  clock.advance(9s);
  EXPECT_THAT(served(), Contains(Key("c"))) << "nothing is judged before the interval is over";
  clock.advance(1s);
  EXPECT_THAT(served(), Not(Contains(Key("c"))));
  EXPECT_EQ(picked_again, 1) << "calls that wait are told";
  EXPECT_THAT(lines.lines(), Contains("warn endpoint taken out server.address=name=c\n"));
  clock.advance(29s);
  EXPECT_THAT(served(), Not(Contains(Key("c"))));
  clock.advance(1s);
  EXPECT_THAT(served(), Contains(Key("c")));
}

TEST_F(OutlierDetectionTest, WhoFailsAgainIsOutForLonger) {
  begin(by_failures());
  for (const Duration out : {30s, 60s, 90s}) {
    calls(20, "c");
    clock.advance(10s);
    ASSERT_THAT(served(), Not(Contains(Key("c"))));
    clock.advance(out - 1s);
    EXPECT_THAT(served(), Not(Contains(Key("c")))) << out / 1s;
    clock.advance(1s);
    EXPECT_THAT(served(), Contains(Key("c"))) << out / 1s;
  }
}

TEST_F(OutlierDetectionTest, TheThresholdMustBePassed) {
  begin(by_failures());
  calls(100, "c", 85);
  clock.advance(10s);
  EXPECT_THAT(served(), Contains(Key("c")));
  clock.advance(10s);
  calls(100, "c", 86);
  clock.advance(10s);
  EXPECT_THAT(served(), Not(Contains(Key("c"))));
}

TEST_F(OutlierDetectionTest, FewCallsAndFewHostsSayNothing) {
  begin(by_failures());
  calls(9, "c");
  clock.advance(10s);
  EXPECT_THAT(served(), Contains(Key("c")));
  std::erase(list, &at("e"));
  update();
  calls(50, "c");
  clock.advance(10s);
  EXPECT_THAT(served(), Contains(Key("c"))) << "four hosts are too few";
}

TEST_F(OutlierDetectionTest, NotMoreThanAPartMayBeOutButOneAlways) {
  OutlierOptions options = by_failures();
  options.max_ejection_percent = 10;
  begin(options);
  calls(20, "bcd");
  clock.advance(10s);
  EXPECT_EQ(served().size(), 4u);
}

TEST_F(OutlierDetectionTest, BySuccessRateWhoIsFarBelowTheOthers) {
  begin(OutlierOptions(), 10);
  calls(200, "c", 50);
  clock.advance(10s);
  EXPECT_EQ(served().size(), 9u);
  EXPECT_THAT(served(), Not(Contains(Key("c"))));
}

TEST_F(OutlierDetectionTest, WhereAllAreAlikeNobodyIsFarBelow) {
  begin(OutlierOptions(), 10);
  calls(200, "abcdefghij", 50);
  clock.advance(10s);
  EXPECT_EQ(served().size(), 10u);
}

TEST_F(OutlierDetectionTest, ItIsEnforcedByChance) {
  OutlierOptions options = by_failures();
  options.failure_percentage->enforcement_percentage = 40;
  chance = [] { return 0.41; };
  begin(options);
  calls(20, "c");
  clock.advance(10s);
  EXPECT_THAT(served(), Contains(Key("c")));
  chance = [] { return 0.39; };
}

TEST_F(OutlierDetectionTest, ErrorsOfCallersAreNoFailures) {
  begin(by_failures());
  for (int i = 0; i < 200; ++i) call({}, Status(Code::not_found, "no such item"));
  clock.advance(10s);
  EXPECT_EQ(served().size(), 5u);
}

}  // namespace
}  // namespace pintle

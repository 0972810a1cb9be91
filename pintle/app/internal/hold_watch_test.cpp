#include <pintle/app/internal/hold_watch.hpp>

#include <gmock/gmock.h>

#include <pintle/testing/kit/layer_driver.hpp>
#include <pintle/testing/kit/observed.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct HoldWatchTest : ::testing::Test {
  void look(Duration at) { loop.look(TimePoint(at), 100ms, log.logger(), meter.meters()); }
  testing::LayerDriver driver{Side::server, std::vector<std::shared_ptr<const Layer>>()};
  const Call& call = driver.call().call();
  testing::ObservedLog log;
  testing::ObservedMeter meter;
  HeldLoop loop{3};
};

TEST_F(HoldWatchTest, NamesTheMethodThatHoldsTheLoopOnce) {
  loop.runs(&call);
  for (const Duration at : {0ms, 50ms, 99ms}) look(at);
  EXPECT_THAT(log.lines(), IsEmpty());
  for (const Duration at : {100ms, 150ms, 1000ms}) look(at);
  EXPECT_THAT(log.lines(),
              ElementsAre(AllOf(HasSubstr("method=/test.v1.Test/Call"), HasSubstr("loop=3"), HasSubstr("least=100"))));
  EXPECT_EQ(meter.value("pintle.loop.holds{rpc.method=/test.v1.Test/Call}"), 1);
}

TEST_F(HoldWatchTest, ManyShortRunsAreNoHold) {
  for (Duration at = 0ms; at < 10s; at += 50ms) {
    loop.runs(&call);
    look(at);
  }
  EXPECT_THAT(log.lines(), IsEmpty());
}

TEST_F(HoldWatchTest, ALoopThatRestsIsNotHeld) {
  loop.runs(&call);
  look(0ms);
  loop.rests();
  look(10s);
  EXPECT_THAT(log.lines(), IsEmpty());
  loop.runs(nullptr);
  look(10s);
  look(11s);
  EXPECT_THAT(log.lines(), ElementsAre(HasSubstr("a task of no call")));
}

}  // namespace
}  // namespace pintle

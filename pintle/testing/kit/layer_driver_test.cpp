// The driver drives a layer as a server or a channel would, and tells what came of it.
#include <pintle/testing/kit/layer_driver.hpp>

#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pintle::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A layer made of a function.
class Around final : public Layer {
 public:
  using Function = TaskFunction<Status, LayerCall&, Handler&>;
  explicit Around(Function f) : function_(std::move(f)) {}
  std::string_view name() const override { return "around"; }
  std::unique_ptr<Handler> wrap(const Site&, Handler& next) const override {
    struct Wrapped final : Handler {
      Wrapped(Function& f, Handler& n) : function(f), next(n) {}
      [[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override { return function(call, next); }
      Function& function;
      Handler& next;
    };
    return std::make_unique<Wrapped>(function_, next);
  }

 private:
  mutable Function function_;
};

std::shared_ptr<const Layer> passing() {
  return std::make_shared<Around>(
      [](LayerCall& call, Handler& next) -> Task<Status> { co_return co_await next(call); });
}

TEST(LayerDriver, ACallGoesThroughTheLayersIntoTheScript) {
  LayerDriver driver(Side::server, passing());
  driver.next(Script().reads_all().adds_head("x-head", "h").writes("one").writes("two").adds_trailer("x-end", "t"));
  DrivenCall& call = driver.call().metadata("x-key", "v").sends("a").sends("b").ends().start();
  ASSERT_TRUE(call.done());
  EXPECT_EQ(call.status(), Status());
  EXPECT_THAT(call.messages(), ElementsAre("one", "two"));
  EXPECT_EQ(call.head()->get("x-head"), "h");
  EXPECT_EQ(call.trailers().get("x-end"), "t");
  ASSERT_EQ(driver.reached(), 1u);
  EXPECT_THAT(driver.heard().messages, ElementsAre("a", "b"));
  EXPECT_TRUE(driver.heard().requests_ended);
  EXPECT_EQ(driver.heard().metadata.get("x-key"), "v");
  EXPECT_EQ(driver.heard().returned, Status());
}

TEST(LayerDriver, AMethodThatDoesNotStreamRequestsHasAllWithTheFirst) {
  LayerDriver driver(Side::server, passing());
  driver.kind(Kind::unary).next(Script().reads_all().writes("x"));
  EXPECT_TRUE(driver.call().sends("a").start().done());
  EXPECT_TRUE(driver.heard().requests_ended);
  EXPECT_THROW(driver.call().sends("a").sends("b"), std::logic_error);
}

TEST(LayerDriver, ALayerSeesWhichMessageIsTheLastAndWhenTheResponseHasBegun) {
  std::vector<bool> last, committed;
  LayerDriver driver(Side::server, std::make_shared<Around>([&](LayerCall& call, Handler& next) -> Task<Status> {
                       for (;;) {
                         Result<Message*> message = co_await call.read();
                         if (!message || *message == nullptr) break;
                         last.push_back((*message)->is_last());
                       }
                       committed.push_back(call.facts.committed);
                       Status status = co_await next(call);
                       committed.push_back(call.facts.committed);
                       co_return status;
                     }));
  driver.next(Script().sends_head());
  EXPECT_TRUE(driver.call().sends("a").sends("b").ends().start().done());
  EXPECT_THAT(last, ElementsAre(false, true));
  EXPECT_THAT(committed, ElementsAre(false, true));
}

TEST(LayerDriver, AScriptThatReadsTooManyHearsOfTheEnd) {
  LayerDriver driver(Side::server, passing());
  driver.next(Script().reads(2));
  EXPECT_TRUE(driver.call().sends("a").ends().start().done());
  EXPECT_THAT(driver.heard().messages, ElementsAre("a"));
  EXPECT_TRUE(driver.heard().requests_ended);
}

TEST(LayerDriver, MessagesMayComeAndBeReadLater) {
  LayerDriver driver(Side::server, passing());
  driver.next(Script().reads(1).writes("one").writes("two").reads(1));
  DrivenCall& call = driver.call().reads_responses(false).start();
  EXPECT_THAT(call.messages(), IsEmpty());
  call.sends("a");
  EXPECT_THAT(call.messages(), ElementsAre("one"));  // the second waits for room
  EXPECT_FALSE(call.done());
  call.reads_responses(true);
  EXPECT_THAT(call.messages(), ElementsAre("one", "two"));
  EXPECT_FALSE(call.done());
  call.sends("b");
  EXPECT_TRUE(call.done());
  EXPECT_THAT(driver.heard().messages, ElementsAre("a", "b"));
}

TEST(LayerDriver, ScriptsAreFollowedInTheirOrderAndTheLastForEver) {
  auto twice = std::make_shared<Around>([](LayerCall& call, Handler& next) -> Task<Status> {
    (void)co_await next(call);
    (void)co_await next(call);
    co_return co_await next(call);
  });
  LayerDriver driver(Side::client, twice);
  driver.next(Script().returns(unavailable("first"))).next(Script().returns(aborted("then")));
  EXPECT_EQ(driver.call().start().status(), aborted("then"));
  ASSERT_EQ(driver.reached(), 3u);
  EXPECT_EQ(driver.heard(0).returned, unavailable("first"));
  EXPECT_EQ(driver.heard(2).returned, aborted("then"));
}

TEST(LayerDriver, TimePassesWhenTheTestSaysSo) {
  LayerDriver driver(Side::server, passing());
  driver.next(Script().waits(seconds(3)).writes("late"));
  DrivenCall& call = driver.call().start();
  driver.advance(milliseconds(2999));
  EXPECT_FALSE(call.done());
  driver.advance(milliseconds(1));
  EXPECT_TRUE(call.done());
  EXPECT_THAT(call.messages(), ElementsAre("late"));
}

TEST(LayerDriver, ADeadlineEndsTheCallAndTheResponse) {
  LayerDriver driver(Side::server, passing());
  driver.next(Script().waits_for_cancellation());
  DrivenCall& call = driver.call().timeout(seconds(1)).start();
  driver.advance(seconds(1));
  ASSERT_TRUE(call.done());
  EXPECT_EQ(call.status().code(), Code::deadline_exceeded);
  EXPECT_EQ(call.call().cause(), CancelCause::deadline);
}

// As pintle/server/layers_test.cpp and pintle/client/layers_test.cpp see it over a wire.
TEST(LayerDriver, EachCauseCancelsWithItsStatus) {
  struct Row {
    CancelCause cause;
    Code server, client;
  };
  const Row table[] = {{CancelCause::deadline, Code::deadline_exceeded, Code::deadline_exceeded},
                       {CancelCause::peer_reset, Code::cancelled, Code::cancelled},
                       {CancelCause::connection_lost, Code::cancelled, Code::unavailable},
                       {CancelCause::shutdown, Code::unavailable, Code::unavailable},
                       {CancelCause::caller, Code::cancelled, Code::cancelled},
                       {CancelCause::fault, Code::internal, Code::internal}};
  for (const Row& row : table)
    for (const Side side : {Side::server, Side::client}) {
      const Code code = side == Side::server ? row.server : row.client;
      LayerDriver driver(side, passing());
      driver.next(Script().waits_for_cancellation());
      DrivenCall& call = driver.call().start().cancel(row.cause);
      ASSERT_TRUE(call.done()) << cause_name(row.cause);
      EXPECT_EQ(call.status().code(), code) << cause_name(row.cause);
      EXPECT_EQ(call.call().cause(), row.cause);
      EXPECT_EQ(driver.heard().returned->code(), code);
    }
}

// A layer that swallows the cancelling tells nobody: the server has ended the response.
TEST(LayerDriver, AServersPeerIsToldOfTheCancellingWhateverTheLayerReturns) {
  auto deaf = std::make_shared<Around>([](LayerCall& call, Handler& next) -> Task<Status> {
    (void)co_await next(call);
    co_return Status();
  });
  for (const Side side : {Side::server, Side::client}) {
    LayerDriver driver(side, deaf);
    driver.next(Script().waits_for_cancellation());
    DrivenCall& call = driver.call().start().cancel();
    EXPECT_EQ(call.returned(), Status());
    EXPECT_EQ(call.status().code(), side == Side::server ? Code::cancelled : Code::ok);
  }
}

TEST(LayerDriver, WhatNextThrowsComesAsAStatus) {
  LayerDriver driver(Side::server, passing());
  driver.next(Script().throws("boom"));
  DrivenCall& call = driver.call().start();
  EXPECT_EQ(call.status(), Status(Code::unknown, "boom"));
  EXPECT_FALSE(driver.heard().returned.has_value());
}

TEST(LayerDriver, ARefusedCallDoesNotReachTheScript) {
  LayerDriver driver(Side::server, passing());
  EXPECT_EQ(driver.call().refused(unimplemented("no such method")).start().status(), unimplemented("no such method"));
  EXPECT_EQ(driver.reached(), 0u);
}

TEST(LayerDriver, ACallThatIsNotDoneEndsWithItsDriver) {
  LayerDriver driver(Side::server, passing());
  driver.next(Script().waits_for_cancellation());
  EXPECT_FALSE(driver.call().start().done());
}

TEST(LayerDriver, LayersSeeItsLogItsMeterItsClockAndItsChance) {
  struct Curious final : Layer {
    std::string_view name() const override { return "curious"; }
    std::unique_ptr<Handler> wrap(const Site& site, Handler&) const override {
      site.log.warn("seen", {{"method", site.method.name}, {"n", 3}});
      site.meters.counter({"calls", "{call}", "", {}}, {{"rpc.method", site.method.name}}).add(2);
      site.meters.histogram({"time", "s", "", {}}).record(site.random());
      now = site.clock->now();
      return nullptr;
    }
    mutable TimePoint now;
  };
  auto layer = std::make_shared<Curious>();
  LayerDriver driver(Side::client, layer);
  driver.chance = 0.25;
  EXPECT_EQ(driver.call().start().status(), Status());
  EXPECT_THAT(driver.log.lines(), ElementsAre("warn seen method=Call n=3"));
  EXPECT_THAT(driver.meter.cells(), ElementsAre("calls{rpc.method=Call}", "time"));
  EXPECT_EQ(driver.meter.value("calls{rpc.method=Call}"), 2);
  EXPECT_THAT(driver.meter.records("time"), ElementsAre(0.25));
  EXPECT_EQ(layer->now, driver.loop().now());
}

TEST(LayerDriver, LayersThatHaveNoOrderAreRefused) {
  EXPECT_THROW(LayerDriver(Side::server, std::vector<std::shared_ptr<const Layer>>{passing(), passing()}),
               std::invalid_argument);
}

}  // namespace
}  // namespace pintle::testing

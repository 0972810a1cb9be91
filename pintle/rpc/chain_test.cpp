// In which order layers stand, what a chain does with what they throw and with refused calls, and what they can do to a
// call.
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pintle/rpc/selected_layer.hpp>
#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using pintle::testing::DrivenCall;
using pintle::testing::LayerDriver;
using pintle::testing::Script;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Layers = std::vector<std::shared_ptr<const Layer>>;

// A layer made of a function without a coroutine frame.
class Plain final : public Layer {
 public:
  using Function = TaskFunction<Status, LayerCall&, Handler&>;
  Plain(std::string name, Place place, Function f) : name_(std::move(name)), place_(place), function_(std::move(f)) {}
  explicit Plain(Function f) : Plain("plain", Place::user, std::move(f)) {}
  std::string_view name() const override { return name_; }
  Place place() const override { return place_; }
  std::vector<std::string_view> before() const override { return {outside_of.begin(), outside_of.end()}; }
  std::vector<std::string_view> after() const override { return {inside_of.begin(), inside_of.end()}; }
  std::unique_ptr<Handler> wrap(const Site&, Handler& next) const override {
    struct Wrapped final : Handler {
      Wrapped(Function& f, Handler& n) : function(f), next(n) {}
      [[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override { return function(call, next); }
      Function& function;
      Handler& next;
    };
    return std::make_unique<Wrapped>(function_, next);
  }
  std::vector<std::string> outside_of, inside_of;

 private:
  std::string name_;
  Place place_;
  mutable Function function_;
};

std::shared_ptr<Plain> named(std::string name, Place place = Place::user) {
  return std::make_shared<Plain>(std::move(name), place,
                                 [](LayerCall& call, Handler& next) -> Task<Status> { co_return co_await next(call); });
}
std::shared_ptr<Plain> outside(std::string name, std::string other, Place place = Place::user) {
  auto layer = named(std::move(name), place);
  layer->outside_of.push_back(std::move(other));
  return layer;
}
std::shared_ptr<Plain> inside(std::string name, std::string other, Place place = Place::user) {
  auto layer = named(std::move(name), place);
  layer->inside_of.push_back(std::move(other));
  return layer;
}

std::vector<std::string> order(Side side, const Layers& layers) {
  auto ordered = order_layers(side, layers);
  if (!ordered) return {ordered.error().to_string()};
  std::vector<std::string> names;
  for (const Layer* layer : *ordered) names.emplace_back(layer->name());
  return names;
}

constexpr Place kServerPlaces[] = {Place::telemetry, Place::recover,        Place::admission,
                                   Place::deadline,  Place::authentication, Place::authorization,
                                   Place::quota,     Place::validation,     Place::user};
constexpr Place kClientPlaces[] = {Place::telemetry, Place::deadline,    Place::breaker, Place::retry,
                                   Place::attempt,   Place::credentials, Place::user};

TEST(LayerOrder, IsThatOfThePlaces) {
  for (const Side side : {Side::server, Side::client}) {
    Layers layers;
    std::vector<std::string> expected;
    const auto places =
        side == Side::server ? std::span<const Place>(kServerPlaces) : std::span<const Place>(kClientPlaces);
    for (const Place place : places) {
      layers.insert(layers.begin(), named(std::string(place_name(place)), place));
      expected.emplace_back(place_name(place));
    }
    EXPECT_EQ(order(side, layers), expected);
  }
}

TEST(LayerOrder, WithinAPlaceIsThatOfAdding) {
  EXPECT_THAT(order(Side::server, {named("b"), named("first", Place::quota), named("a"), named("c")}),
              ElementsAre("first", "b", "a", "c"));
}

TEST(LayerOrder, IsWhatLayersAskForWithinAPlace) {
  EXPECT_THAT(order(Side::server, {named("a"), named("b"), outside("c", "a")}), ElementsAre("b", "c", "a"));
  EXPECT_THAT(order(Side::server, {inside("a", "c"), named("b"), named("c")}), ElementsAre("b", "c", "a"));
  EXPECT_THAT(order(Side::client, {outside("a", "nobody"), inside("b", "nobody")}), ElementsAre("a", "b"));
}

TEST(LayerOrder, APlaceThatTheSideDoesNotHaveIsAnErrorThatNamesBoth) {
  for (const Place place : kServerPlaces)
    if (std::ranges::find(kClientPlaces, place) == std::end(kClientPlaces))
      EXPECT_THAT(order(Side::client, {named("x", place)}),
                  ElementsAre(HasSubstr("the layer x stands in the place " + std::string(place_name(place)) +
                                        ", which a client does not have")));
  EXPECT_THAT(order(Side::server, {named("x", Place::retry)}),
              ElementsAre(HasSubstr("the layer x stands in the place retry, which a server does not have")));
}

TEST(LayerOrder, NamesMustBeThereAndDiffer) {
  EXPECT_THAT(order(Side::server, {named("x"), named("x", Place::quota)}),
              ElementsAre(HasSubstr("there are two layers of the name x")));
  EXPECT_THAT(order(Side::server, {named("", Place::quota)}),
              ElementsAre(HasSubstr("a layer in the place quota has no name")));
}

TEST(LayerOrder, ACircleIsAnErrorThatNamesItsLayers) {
  EXPECT_THAT(order(Side::server, {outside("a", "b"), outside("b", "c"), outside("c", "a")}),
              ElementsAre(HasSubstr("the layers make a circle: ")));
  EXPECT_THAT(order(Side::server, {outside("a", "b"), outside("b", "a")}),
              ElementsAre(HasSubstr("b outside of a outside of b")));
}

TEST(LayerOrder, WhatContradictsThePlacesIsAnError) {
  EXPECT_THAT(
      order(Side::server, {outside("late", "early", Place::user), named("early", Place::quota)}),
      ElementsAre(HasSubstr("the layer late is to be outside of early, but its place user is inside of quota")));
}

// -- What a chain does ------------------------------------------------------------------------------------------------

// Notes what `next` returned.
std::shared_ptr<Plain> noting(std::vector<std::string>& notes, std::string name, Place place) {
  return std::make_shared<Plain>(name, place, [&notes, name](LayerCall& call, Handler& next) -> Task<Status> {
    Status status = co_await next(call);
    notes.push_back(name + ": " + status.to_string());
    co_return status;
  });
}

TEST(ASelectedLayer, IsAroundTheMethodsThatMatchOrAroundTheOthers) {
  int inside = 0;
  const auto counting =
      std::make_shared<Plain>("count", Place::deadline, [&](LayerCall& call, Handler& next) -> Task<Status> {
        ++inside;
        co_return co_await next(call);
      });
  const auto calls_inside = [&](std::shared_ptr<const Layer> layer) {
    EXPECT_EQ(layer->name(), "count");
    EXPECT_EQ(layer->place(), Place::deadline);
    inside = 0;
    LayerDriver driver(Side::server, std::move(layer));  // of "/test.v1.Test/Call"
    driver.call().start();
    return inside;
  };
  EXPECT_EQ(calls_inside(for_methods({"/other.*/*", "/test.v1.*/Call"}, counting)), 1);
  EXPECT_EQ(calls_inside(for_methods({"/test.v1.Test/Other"}, counting)), 0);
  EXPECT_EQ(calls_inside(for_methods({}, counting)), 0);
  EXPECT_EQ(calls_inside(except_methods({"/test.v1.Test/Other"}, counting)), 1);
  EXPECT_EQ(calls_inside(except_methods({"*"}, counting)), 0);
}

TEST(Chain, EachLayerSeesWhatTheOneInsideReturned) {
  std::vector<std::string> notes;
  const auto changing =
      std::make_shared<Plain>("changing", Place::quota, [](LayerCall& call, Handler& next) -> Task<Status> {
        (void)co_await next(call);
        co_return aborted("changed");
      });
  LayerDriver driver(Side::server,
                     {noting(notes, "inner", Place::user), changing, noting(notes, "outer", Place::telemetry)});
  driver.next(pintle::testing::Script().returns(not_found("nothing")));
  EXPECT_EQ(driver.call().start().status(), aborted("changed"));
  EXPECT_THAT(notes, ElementsAre("inner: " + Status(not_found("nothing")).to_string(),
                                 "outer: " + Status(aborted("changed")).to_string()));
}

TEST(Chain, WhatTheHandlerThrowsIsAStatusToEveryLayer) {
  std::vector<std::string> notes;
  LayerDriver driver(Side::server, {noting(notes, "inner", Place::user), noting(notes, "outer", Place::telemetry)});
  driver.next(Script().throws("boom"));
  EXPECT_EQ(driver.call().start().status(), Status(Code::unknown, "boom"));
  EXPECT_THAT(notes, ElementsAre(HasSubstr("boom"), HasSubstr("boom")));
}

TEST(Chain, WhatALayerThrowsIsAStatusToThoseOutsideOfIt) {
  struct Place3 {
    std::string_view what;
    Plain::Function function;
  };
  Place3 table[] = {{"before next",
                     [](LayerCall& call, Handler& next) -> Task<Status> {
                       if (call.cancelled()) co_return co_await next(call);
                       throw std::runtime_error("boom");
                     }},
                    {"after next",
                     [](LayerCall& call, Handler& next) -> Task<Status> {
                       (void)co_await next(call);
                       throw std::runtime_error("boom");
                     }},
                    {"after it waited", [](LayerCall& call, Handler& next) -> Task<Status> {
                       (void)co_await yield();
                       (void)co_await next(call);
                       throw std::runtime_error("boom");
                     }}};
  for (Place3& at : table) {
    std::vector<std::string> notes;
    LayerDriver driver(Side::server,
                       {noting(notes, "outer", Place::telemetry), std::make_shared<Plain>(std::move(at.function))});
    EXPECT_EQ(driver.call().start().status(), Status(Code::unknown, "boom")) << at.what;
    EXPECT_THAT(notes, ElementsAre(HasSubstr("boom"))) << at.what;
  }
}

// A handler without a frame throws before there is a task.
struct ThrowsAtOnce final : Layer {
  std::string_view name() const override { return "throws_at_once"; }
  std::unique_ptr<Handler> wrap(const Site&, Handler&) const override {
    struct Throwing final : Handler {
      [[clang::coro_wrapper]] Task<Status> operator()(LayerCall&) override { throw std::runtime_error("at once"); }
    };
    return std::make_unique<Throwing>();
  }
};
TEST(Chain, WhatALayerWithoutAFrameThrowsIsAStatusToo) {
  std::vector<std::string> notes;
  LayerDriver driver(Side::client, {std::make_shared<ThrowsAtOnce>(), noting(notes, "outer", Place::telemetry)});
  EXPECT_EQ(driver.call().start().status(), Status(Code::unknown, "at once"));
  EXPECT_THAT(notes, ElementsAre(HasSubstr("at once")));
}

TEST(Chain, ARefusedCallPassesTheLayersAndNotTheHandler) {
  std::vector<std::string> notes;
  LayerDriver driver(Side::server, noting(notes, "outer", Place::telemetry));
  EXPECT_EQ(driver.call().refused(unimplemented("no such method")).start().status(), unimplemented("no such method"));
  EXPECT_THAT(notes, ElementsAre("outer: " + Status(unimplemented("no such method")).to_string()));
  EXPECT_EQ(driver.reached(), 0u);
}

TEST(Chain, ALayerThatDoesNotApplyIsNotThere) {
  struct Absent final : Layer {
    std::string_view name() const override { return "absent"; }
    std::unique_ptr<Handler> wrap(const Site&, Handler&) const override { return nullptr; }
  };
  LayerDriver driver(Side::server, std::make_shared<Absent>());
  driver.next(Script().writes("x"));
  EXPECT_THAT(driver.call().start().messages(), ElementsAre("x"));
}

// -- What a layer can do to a call ------------------------------------------------------------------------------------

std::shared_ptr<Plain> doing(std::string name, std::function<void(LayerCall&)> what) {
  return std::make_shared<Plain>(std::move(name), Place::user,
                                 [what = std::move(what)](LayerCall& call, Handler& next) -> Task<Status> {
                                   what(call);
                                   co_return co_await next(call);
                                 });
}

TEST(ALayer, ShortensTheDeadlineAndNeverLengthensIt) {
  for (const auto& [asked, ends] : {std::pair(seconds(2), seconds(2)), std::pair(seconds(9), seconds(5))}) {
    LayerDriver driver(Side::server, doing("shorten", [after = asked](LayerCall& call) {
                         call.shorten_deadline(call.loop().now() + after);
                       }));
    driver.next(Script().waits_for_cancellation());
    DrivenCall& call = driver.call().timeout(seconds(5)).start();
    EXPECT_EQ(call.call().deadline().at(), driver.loop().now() + ends);
    driver.advance(ends - std::chrono::milliseconds(1));
    EXPECT_FALSE(call.done());
    driver.advance(std::chrono::milliseconds(1));
    ASSERT_TRUE(call.done());
    EXPECT_EQ(call.status().code(), Code::deadline_exceeded);
  }
}

TEST(ALayer, EndsACallAtATimeOfItsOwnAndTheEarliestWins) {
  const auto late =
      doing("late", [](LayerCall& call) { call.end_at(call.loop().now() + seconds(3), aborted("late")); });
  const auto early = doing("early", [](LayerCall& call) {
    call.end_at(call.loop().now() + seconds(2), unavailable("early"), CancelCause::shutdown);
  });
  for (const Layers& layers : {Layers{late, early}, Layers{early, late}}) {
    LayerDriver driver(Side::server, layers);
    driver.next(Script().waits_for_cancellation());
    DrivenCall& call = driver.call().timeout(seconds(5)).start();
    driver.advance(seconds(2));
    ASSERT_TRUE(call.done());
    EXPECT_EQ(call.status(), unavailable("early"));
    EXPECT_EQ(call.call().cause(), CancelCause::shutdown);
  }
  LayerDriver driver(Side::server, late);
  driver.next(Script().waits_for_cancellation());
  DrivenCall& call = driver.call().timeout(seconds(1)).start();
  driver.advance(seconds(3));
  ASSERT_TRUE(call.done());
  EXPECT_EQ(call.status().code(), Code::deadline_exceeded) << "the deadline is one of the times";
}

TEST(ALayer, SeesThatADeadlineInThePastEndsTheCallAtOnce) {
  LayerDriver driver(Side::server,
                     doing("past", [](LayerCall& call) { call.shorten_deadline(call.loop().now() - seconds(1)); }));
  driver.next(Script().reads());
  EXPECT_EQ(driver.call().start().status().code(), Code::deadline_exceeded);
}

TEST(ALayer, SeesHowLongACallTookThatNeverSuspended) {
  Duration took = Duration::zero();
  pintle::testing::FakeClock* clock = nullptr;
  LayerDriver driver(Side::server, std::make_shared<Plain>([&](LayerCall& call, Handler& next) -> Task<Status> {
                       Status status = co_await next(call);
                       took = call.elapsed();
                       co_return status;
                     }));
  clock = &driver.loop().clock();
  driver.next(Script().does([&](LayerCall&) { clock->advance(seconds(7)); }));
  (void)driver.call().start();
  EXPECT_EQ(took, seconds(7));
}

// -- Slots ------------------------------------------------------------------------------------------------------------

struct Tenant {
  std::string name;
};
// Puts a Tenant on each call before it calls `next`.
struct TenantLayer final : Layer {
  std::string_view name() const override { return "tenant"; }
  Place place() const override { return Place::authentication; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override {
    struct Putting final : Handler {
      Putting(Slot<Tenant> s, Handler& n) : slot(s), next(n) {}
      [[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override {
        if (const auto name = call.request_metadata.get("x-tenant")) slot.emplace(call, std::string(*name));
        return next(call);
      }
      Slot<Tenant> slot;
      Handler& next;
    };
    return std::make_unique<Putting>(site.slot<Tenant>(), next);
  }
};
// Asks for it after `next` has returned: the frame of the one inside is gone by then.
struct AccessLog final : Layer {
  explicit AccessLog(std::vector<std::string>& l) : lines(l) {}
  std::string_view name() const override { return "access_log"; }
  Place place() const override { return Place::telemetry; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override {
    struct Logging final : Handler {
      Logging(Slot<Tenant> s, Handler& n, std::vector<std::string>& l) : slot(s), next(n), lines(l) {}
      Task<Status> operator()(LayerCall& call) override {
        Status status = co_await next(call);
        const Tenant* tenant = slot.get(call);
        lines.push_back(tenant != nullptr ? tenant->name : "nobody");
        co_return status;
      }
      Slot<Tenant> slot;
      Handler& next;
      std::vector<std::string>& lines;
    };
    return std::make_unique<Logging>(site.slot<Tenant>(), next, lines);
  }
  std::vector<std::string>& lines;
};

TEST(Slots, AreSharedByLayersAndFoundByTheHandlerByTheirType) {
  std::vector<std::string> lines;
  std::string handler;
  LayerDriver driver(Side::server, {std::make_shared<TenantLayer>(), std::make_shared<AccessLog>(lines)});
  driver.next(Script().does([&](LayerCall& call) {
    const Tenant* tenant = call.find<Tenant>();
    handler += tenant != nullptr ? tenant->name : "nobody";
  }));
  (void)driver.call().metadata("x-tenant", "acme").start();
  (void)driver.call().start();
  EXPECT_THAT(lines, ElementsAre("acme", "nobody"));
  EXPECT_EQ(handler, "acmenobody");
}

// -- Messages ---------------------------------------------------------------------------------------------------------

// Sees every message both ways, and marks it.
class Tap final : public Source, public Sink {
 public:
  Tap(LayerCall& call, std::vector<std::string>& seen) : source_(*call.source), sink_(*call.sink), seen_(seen) {}
  Poll poll(Message*& message) override {
    Message* inner = nullptr;
    const Poll polled = source_.poll(inner);
    if (polled != Poll::ready) return polled;
    message = &changed("<" + text(*inner), requests_);
    message->set_last(inner->is_last());
    return polled;
  }
  void arm(Waiter* waiter) noexcept override { source_.arm(waiter); }
  void head(const Metadata& metadata) override { sink_.head(metadata); }
  Poll push(const Message& message) override { return sink_.push(changed(text(message) + ">", responses_)); }
  Poll room() noexcept override { return sink_.room(); }

 private:
  struct Held {
    std::string text;
    Message message;
  };
  static std::string text(const Message& message) {
    std::string bytes(message.size(), '\0');
    message.encode(reinterpret_cast<std::byte*>(bytes.data()));
    return bytes;
  }
  Message& changed(std::string marked, Held& into) {
    seen_.push_back(marked);
    into.text = std::move(marked);
    into.message = Message(std::as_bytes(std::span(into.text)), nullptr, nullptr);
    return into.message;
  }
  Source& source_;
  Sink& sink_;
  std::vector<std::string>& seen_;
  Held requests_, responses_;
};
// A Source and a Sink that are armed apart.
struct SinkOfTap final : Sink {
  SinkOfTap(Tap& t, Sink& s) : tap(t), sink(s) {}
  void head(const Metadata& metadata) override { tap.head(metadata); }
  Poll push(const Message& message) override { return tap.push(message); }
  Poll room() noexcept override { return sink.room(); }
  void arm(Waiter* waiter) noexcept override { sink.arm(waiter); }
  Tap& tap;
  Sink& sink;
};

TEST(ALayer, SeesAndChangesEveryMessageBothWaysInEveryKindOfCall) {
  for (const Side side : {Side::server, Side::client}) {
    for (const Kind kind : {Kind::unary, Kind::client_stream, Kind::server_stream, Kind::bidi}) {
      std::vector<std::string> seen;
      LayerDriver driver(side, std::make_shared<Plain>([&](LayerCall& call, Handler& next) -> Task<Status> {
                           Tap tap(call, seen);
                           SinkOfTap out(tap, *call.sink);
                           Source* const source = std::exchange(call.source, &tap);
                           Sink* const sink = std::exchange(call.sink, &out);
                           Status status = co_await next(call);
                           call.source = source;
                           call.sink = sink;
                           co_return status;
                         }));
      Script script;
      script.reads_all().writes("x");
      if (server_streams(kind)) script.writes("y");
      DrivenCall& call = driver.kind(kind).next(script).call().sends("a");
      if (client_streams(kind)) call.sends("b").ends();
      call.reads_responses(false).start().reads_responses(true);
      ASSERT_TRUE(call.done());
      EXPECT_EQ(call.status(), Status());
      EXPECT_EQ(driver.heard().messages,
                client_streams(kind) ? std::vector<std::string>({"<a", "<b"}) : std::vector<std::string>({"<a"}));
      EXPECT_EQ(call.messages(),
                server_streams(kind) ? std::vector<std::string>({"x>", "y>"}) : std::vector<std::string>({"x>"}));
      EXPECT_EQ(seen.size(), driver.heard().messages.size() + call.messages().size());
    }
  }
}

// What a tap throws ends the call, as an exception of a handler does, and leaves nobody waiting.
struct ThrowingTap final : Source, Sink {
  explicit ThrowingTap(LayerCall& c) : call(c), source(*c.source), sink(*c.sink) {}
  Poll poll(Message*&) override { throw std::runtime_error("poll"); }
  void arm(Waiter* waiter) noexcept override { source.arm(waiter); }
  void head(const Metadata&) override { throw std::runtime_error("head"); }
  Poll push(const Message&) override { throw std::runtime_error("push"); }
  Poll room() noexcept override { return sink.room(); }
  LayerCall& call;
  Source& source;
  Sink& sink;
};
TEST(ALayer, WhoseStreamThrowsEndsTheCallWithThat) {
  const std::pair<std::string, Script> table[] = {
      {"poll", Script().reads()}, {"push", Script().writes("x")}, {"head", Script().sends_head().reads()}};
  for (const auto& [what, script] : table) {
    std::vector<std::string> notes;
    LayerDriver driver(Side::server,
                       {noting(notes, "outer", Place::telemetry),
                        std::make_shared<Plain>([which = what](LayerCall& call, Handler& next) -> Task<Status> {
                          ThrowingTap tap(call);
                          Source* const source = call.source;
                          if (which == "poll") call.source = &tap;
                          Sink* const sink = call.sink;
                          if (which != "poll") call.sink = &tap;
                          Status status = co_await next(call);
                          call.source = source;
                          call.sink = sink;
                          co_return status;
                        })});
    DrivenCall& call = driver.next(script).call().sends("a").start();
    if (!call.done()) {
      call.ends();
    }
    ASSERT_TRUE(call.done()) << what;
    EXPECT_EQ(call.status(), Status(Code::unknown, what));
    // head() is no await: what it throws flies through the handler.
    EXPECT_EQ(call.call().cause(), what == "head" ? CancelCause::none : CancelCause::exception) << what;
    EXPECT_THAT(notes, ElementsAre(HasSubstr(what)));
    EXPECT_THAT(call.messages(), IsEmpty());
  }
}

}  // namespace
}  // namespace pintle

// A channel whose resolver and balancer are the user's: which endpoint a call gets, when it waits, and who hears of it.
#include <map>

#include <gmock/gmock.h>

#include <pintle/client/test_support/frame_server.hpp>
#include <pintle/rpc/inspect.hpp>

namespace pintle::client::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using std::chrono::milliseconds;
using std::chrono::seconds;

Endpoint place(const std::string& name) {
  Endpoint endpoint;
  endpoint.attributes["name"] = name;
  return endpoint;
}
std::string name_of(const Subchannel& subchannel) {
  const auto& attributes = subchannel.endpoint().attributes;
  const auto name = attributes.find("name");
  return name != attributes.end() ? name->second : "";
}

// A server for each place.
class Places final : public Dialer {
 public:
  explicit Places(pintle::testing::TestLoop& loop) : loop_(loop) {}
  Task<Result<std::unique_ptr<net::ByteStream>>> dial(Loop& on, const Endpoint& endpoint, Deadline deadline) override {
    co_return co_await at(endpoint.attributes.at("name")).dial(on, endpoint, deadline);
  }
  FrameServer& at(const std::string& name) {
    auto it = servers_.find(name);
    if (it == servers_.end()) it = servers_.emplace(name, loop_).first;
    return it->second;
  }
  Peer& peer(const std::string& name) { return at(name).peers.back(); }

 private:
  pintle::testing::TestLoop& loop_;
  std::map<std::string, FrameServer> servers_;
};

// Says what the test says.
class ScriptedResolver final : public EndpointResolver {
 public:
  std::unique_ptr<Watch> watch(Loop& loop, Listener& listener) override {
    ++watches;
    listener_ = &listener;
    if (!first.empty()) loop.post([this, &listener] { listener.on_endpoints(first); });
    return std::make_unique<Watching>(*this);
  }
  Listener& listener() { return *listener_; }

  std::vector<Endpoint> first;  // what it finds by itself
  int watches = 0, ended = 0, refreshed = 0;

 private:
  struct Watching final : Watch {
    explicit Watching(ScriptedResolver& r) : of(r) {}
    ~Watching() override { ++of.ended; }
    void refresh() override { ++of.refreshed; }
    ScriptedResolver& of;
  };
  Listener* listener_ = nullptr;
};

// Connects all, and takes turns among those that are READY.
struct Spread final : Balancer {
  struct Heard {
    std::string place;
    Code code;
    bool opened, left_client;
    bool operator==(const Heard&) const = default;
  };
  struct Log {
    std::vector<Heard> done;
    int picks = 0, to = 0;
    bool waits = false;
    Status fails, drops;
    BalancerHost* host = nullptr;
  };
  explicit Spread(Log& l) : log(l) {}
  void update(std::span<Subchannel* const> subchannels) override {
    ready.clear();
    for (Subchannel* s : subchannels) {
      if (s->state() == Connectivity::idle) s->connect();
      if (s->state() == Connectivity::ready) ready.push_back(s);
    }
  }
  Pick pick(LayerCall&) override {
    ++log.picks;
    if (!log.drops.ok()) return Pick::drop(log.drops);
    if (!log.fails.ok()) return Pick::fail(log.fails);
    if (log.waits || ready.empty()) return Pick::wait();
    ++log.to;
    return Pick::to(*ready[next++ % ready.size()]);
  }
  void on_done(Subchannel& at, const LayerCall&, const PickOutcome& outcome) override {
    log.done.push_back({name_of(at), outcome.status.code(), outcome.opened, outcome.left_client});
  }
  Log& log;
  std::vector<Subchannel*> ready;
  std::size_t next = 0;
};
void PrintTo(const Spread::Heard& h, std::ostream* out) {
  *out << h.place << " " << static_cast<int>(h.code) << (h.opened ? " opened" : "") << (h.left_client ? " left" : "");
}

struct SpreadFactory final : BalancerFactory {
  explicit SpreadFactory(Spread::Log& l) : log(l) {}
  std::unique_ptr<Balancer> make(BalancerHost& host) const override {
    log.host = &host;
    return std::make_unique<Spread>(log);
  }
  Spread::Log& log;
};

class BalancedTest : public ::testing::Test {
 protected:
  explicit BalancedTest(bool own_balancer = true, std::size_t max_waiting = 10'000) {
    ChannelOptions options;
    options.authority = "test";
    options.random = [] { return 0.5; };
    options.resolver = resolver;
    options.max_waiting = max_waiting;
    if (own_balancer) options.balancer = std::make_shared<SpreadFactory>(log);
    channel = make_channel({&loop.loop()}, places, std::move(options)).value();
  }
  ~BalancedTest() override {
    all_calls.cancel(Status(Code::cancelled, "the test is over"));
    loop.run_until_idle();
    channel.reset();
    loop.run_until_idle();
    EXPECT_EQ(resolver->ended, resolver->watches);
    EXPECT_EQ(static_cast<int>(log.done.size()), log.to) << "each pick is heard of once";
  }
  RunningCall call(CallOptions options = {}, Kind kind = Kind::unary, CancelScope* scope = nullptr) {
    return loop.start(bytes_call(channel, "/s/m", kind, {"hi"}, std::move(options)), 0,
                      scope != nullptr ? scope : &all_calls);
  }
  void resolve(std::vector<Endpoint> endpoints) {
    resolver->listener().on_endpoints(std::move(endpoints));
    loop.run_until_idle();
  }
  void fail_to_resolve(std::string why) {
    resolver->listener().on_error(Status(Code::unavailable, std::move(why)));
    loop.run_until_idle();
  }
  // Two places that are READY, and no call.
  void connect_a_and_b() {
    resolver->first = {place("a"), place("b")};
    CancelScope scope;
    log.waits = true;
    call({}, Kind::unary, &scope);
    places->peer("a").settle();
    places->peer("b").settle();
    scope.cancel(Status(Code::cancelled, "it only connects"));
    loop.run_until_idle();
    log.waits = false;
    places->peer("a").calls();
    places->peer("b").calls();
  }

  pintle::testing::TestLoop loop;
  std::shared_ptr<Places> places = std::make_shared<Places>(loop);
  std::shared_ptr<ScriptedResolver> resolver = std::make_shared<ScriptedResolver>();
  Spread::Log log;
  std::shared_ptr<Channel> channel;
  CancelScope all_calls;
};

TEST_F(BalancedTest, CallsSpreadOverTheEndpointsAndTheBalancerHearsHowEachEnded) {
  EXPECT_EQ(resolver->watches, 0) << "nothing is resolved before the first call";
  connect_a_and_b();
  std::vector<RunningCall> calls;
  for (int i = 0; i < 4; ++i) calls.push_back(call());
  EXPECT_EQ(places->at("a").dials.size(), 1u);
  places->peer("a").answer(1);
  places->peer("b").answer(1);
  places->peer("a").send(Peer::head(3) + Peer::trailers(3, {{"grpc-status", "5"}}));
  places->peer("b").answer(3);
  EXPECT_EQ(calls[2].get().status.code(), Code::not_found);
  using H = Spread::Heard;
  EXPECT_THAT(log.done, ElementsAre(H{"a", Code::ok, true, true}, H{"b", Code::ok, true, true},
                                    H{"a", Code::not_found, true, true}, H{"b", Code::ok, true, true}));
}

TEST_F(BalancedTest, CancelledCallsAndLostConnectionsAreHeardOfOnce) {
  connect_a_and_b();
  CancelScope scope;
  RunningCall cancelled = call({}, Kind::server_stream, &scope);
  RunningCall lost = call({}, Kind::server_stream);
  RunningCall late = call(CallOptions().timeout(seconds(1)));
  scope.cancel(Status(Code::cancelled, "no longer needed"));
  loop.run_until_idle();
  places->peer("b").hang_up();
  loop.advance(seconds(1));
  EXPECT_TRUE(cancelled.done() && lost.done() && late.done());
  using H = Spread::Heard;
  EXPECT_THAT(log.done, ElementsAre(H{"a", Code::cancelled, true, true}, H{"b", Code::unavailable, true, true},
                                    H{"a", Code::deadline_exceeded, true, true}));
}

Root hold(Task<Outcome> call) { (void)co_await std::move(call); }

TEST_F(BalancedTest, ACallWhoseFrameIsDestroyedIsHeardOfToo) {
  connect_a_and_b();
  Root root = hold(bytes_call(channel, "/s/m", Kind::unary, {"hi"}, {}));
  root.start({&loop.loop(), &all_calls, nullptr});
  loop.run_until_idle();
  EXPECT_THAT(log.done, IsEmpty());
  root.handle.destroy();
  EXPECT_THAT(log.done, ElementsAre(Spread::Heard{"a", Code::cancelled, true, true}));
  EXPECT_THAT(places->peer("a").calls(), Contains(HasSubstr("RST")));
}

TEST_F(BalancedTest, WaitingCallsArePickedAgainWhenTheBalancerSaysSo) {
  connect_a_and_b();
  log.waits = true;
  RunningCall first = call(), second = call();
  const int before = log.picks;
  loop.advance(seconds(5));
  EXPECT_EQ(log.picks, before) << "not without reason";
  log.waits = false;
  log.host->pick_again();
  loop.run_until_idle();
  EXPECT_EQ(log.picks, before + 2);
  places->peer("a").answer(1);
  places->peer("b").answer(1);
  EXPECT_TRUE(first.done() && second.done());
}

TEST_F(BalancedTest, AFailedPickFailsCallsThatDoNotWaitForReadyADropFailsBoth) {
  connect_a_and_b();
  log.fails = Status(Code::unavailable, "all are ejected");
  RunningCall hurried = call();
  RunningCall patient = call(CallOptions().wait_for_ready());
  ASSERT_TRUE(hurried.done());
  EXPECT_THAT(std::string(hurried.get().status.message()), HasSubstr("all are ejected"));
  EXPECT_FALSE(patient.done());

  log.drops = Status(Code::resource_exhausted, "dropped");
  RunningCall dropped = call();
  log.host->pick_again();
  loop.run_until_idle();
  EXPECT_EQ(dropped.get().status.code(), Code::resource_exhausted);
  ASSERT_TRUE(patient.done());
  const Outcome outcome = patient.get();
  EXPECT_EQ(outcome.status.code(), Code::resource_exhausted);
  EXPECT_FALSE(outcome.left_client);
}

TEST_F(BalancedTest, AnEndpointThatIsRemovedFinishesItsCallsAndGetsNoMore) {
  connect_a_and_b();
  RunningCall old_call = call();
  EXPECT_EQ(places->peer("a").calls().size(), 2u);
  resolve({place("b")});
  EXPECT_TRUE(places->peer("a").client_is_there());
  RunningCall one = call(), two = call();
  places->peer("b").answer(1);
  places->peer("b").answer(3);
  EXPECT_TRUE(one.done() && two.done());
  EXPECT_EQ(places->at("b").dials.size(), 1u) << "what stays keeps its connection";
  EXPECT_FALSE(old_call.done());
  places->peer("a").answer(1, "old");
  EXPECT_THAT(old_call.get().responses, ElementsAre("old"));
  EXPECT_FALSE(places->peer("a").client_is_there());
  EXPECT_EQ(places->at("a").dials.size(), 1u);
}

TEST_F(BalancedTest, AnErrorOfTheResolverKeepsTheLastGoodEndpoints) {
  connect_a_and_b();
  fail_to_resolve("the name server is away");
  RunningCall one = call();
  places->peer("a").answer(1);
  EXPECT_EQ(one.get().status, Status());
  resolve({});
  EXPECT_THAT(std::string(call().get().status.message()), HasSubstr("no endpoints"));
  EXPECT_FALSE(places->peer("a").client_is_there());
}

TEST_F(BalancedTest, WithoutEndpointsCallsFailWithTheResolversErrorOrWaitForReady) {
  RunningCall hurried = call(), patient = call(CallOptions().wait_for_ready());
  EXPECT_FALSE(hurried.done()) << "nothing is known yet";
  fail_to_resolve("the name server is away");
  ASSERT_TRUE(hurried.done());
  const Status status = hurried.get().status;
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("the name server is away"));
  EXPECT_FALSE(patient.done());
  resolve({place("a")});
  places->peer("a").settle();
  places->peer("a").answer(1);
  EXPECT_EQ(patient.get().status, Status());
}

TEST_F(BalancedTest, ACallThatWaitsForAStreamIsHeardOfWhenItsSubchannelGoes) {
  connect_a_and_b();
  resolve({place("a")});
  places->peer("a").send(wire::settings({{http2::SettingId::max_concurrent_streams, 1}}));
  RunningCall running = call(), queued = call();
  CancelScope scope;
  RunningCall cancelled = call({}, Kind::unary, &scope);
  scope.cancel(Status(Code::cancelled, "no longer needed"));
  loop.run_until_idle();
  EXPECT_TRUE(cancelled.done());
  places->peer("a").hang_up();
  EXPECT_TRUE(running.done());
  EXPECT_FALSE(queued.done()) << "it is picked again";
  places->peer("a").settle();
  places->peer("a").answer(1);
  EXPECT_EQ(queued.get().status, Status());
  using H = Spread::Heard;
  EXPECT_THAT(log.done, ::testing::UnorderedElementsAre(
                            H{"a", Code::cancelled, false, false}, H{"a", Code::unavailable, true, true},
                            H{"a", Code::unavailable, false, false}, H{"a", Code::ok, true, true}));
}

TEST_F(BalancedTest, ACallThatWaitsForAStreamHasItsTurnWhenOneEnds) {
  connect_a_and_b();
  resolve({place("a")});
  places->peer("a").send(wire::settings({{http2::SettingId::max_concurrent_streams, 1}}));
  RunningCall one = call(), two = call(), three = call();
  places->peer("a").answer(1);
  places->peer("a").answer(3);
  places->peer("a").answer(5);
  EXPECT_TRUE(one.done() && two.done() && three.done());
  EXPECT_EQ(log.to, 3) << "none was picked twice";
}

class FewMayWait : public BalancedTest {
 protected:
  FewMayWait() : BalancedTest(true, 2) {}
};

TEST_F(FewMayWait, TheQueueOfUnpickedCallsIsBounded) {
  RunningCall a = call(), b = call(), c = call();
  ASSERT_TRUE(c.done());
  EXPECT_EQ(c.get().status.code(), Code::resource_exhausted);
  EXPECT_FALSE(a.done() || b.done());
}

TEST_F(BalancedTest, TheReportCountsCallsThatWaitToBePicked) {
  RunningCall waiting = call(CallOptions().wait_for_ready());
  Result<ChannelReport> report = loop.start(channel->inspect()).get();
  EXPECT_EQ(report->loops.at(0).waiting, 1u);
  EXPECT_FALSE(waiting.done());
}

// Without a balancer of one's own.
class FirstOfMany : public BalancedTest {
 protected:
  FirstOfMany() : BalancedTest(false) {}
};

TEST_F(FirstOfMany, TheFirstEndpointThatCanBeConnectedToHasAllCalls) {
  places->at("a").refuses = true;
  resolver->first = {place("a"), place("b"), place("c")};
  RunningCall first = call(), second = call();
  EXPECT_EQ(places->at("a").dials.size(), 1u);
  EXPECT_EQ(places->at("b").dials.size(), 1u);
  places->peer("b").settle();
  places->peer("b").answer(1);
  places->peer("b").answer(3);
  EXPECT_TRUE(first.done() && second.done());
  loop.advance(seconds(10));
  EXPECT_EQ(places->at("a").dials.size(), 1u) << "one is enough";
  EXPECT_THAT(places->at("c").dials, IsEmpty());
  EXPECT_GE(resolver->refreshed, 1);
}

TEST_F(FirstOfMany, WhenAllHaveFailedCallsFailAndEachIsTriedAgainAfterItsBackoff) {
  for (const char* name : {"a", "b"}) places->at(name).refuses = true;
  resolver->first = {place("a"), place("b")};
  RunningCall first = call(), patient = call(CallOptions().wait_for_ready());
  ASSERT_TRUE(first.done());
  EXPECT_THAT(std::string(first.get().status.message()), HasSubstr("connection refused by the test"));
  EXPECT_TRUE(call().done());
  EXPECT_EQ(places->at("a").dials.size(), 1u);
  places->at("b").refuses = false;
  loop.advance(seconds(1));
  places->peer("b").settle();
  places->peer("b").answer(1);
  EXPECT_EQ(patient.get().status, Status());
}

TEST_F(FirstOfMany, ALostConnectionIsReplacedByTheNextCall) {
  resolver->first = {place("a"), place("b")};
  RunningCall first = call();
  places->peer("a").settle();
  places->peer("a").answer(1);
  places->peer("a").hang_up();
  loop.advance(seconds(100));
  EXPECT_EQ(places->at("a").dials.size(), 1u);
  RunningCall second = call();
  places->peer("a").settle();
  places->peer("a").answer(1);
  EXPECT_EQ(second.get().status, Status());
  EXPECT_THAT(places->at("b").dials, IsEmpty());
}

// -- Several loops, no resolver ---------------------------------------------------------------------------------------

struct SpreadOnEach final : BalancerFactory {
  explicit SpreadOnEach(std::vector<Spread::Log>& l) : logs(l) {}
  std::unique_ptr<Balancer> make(BalancerHost& host) const override {
    return std::make_unique<Spread>(logs.at(host.loop().index()));
  }
  std::vector<Spread::Log>& logs;
};

TEST(BalancersOfAChannel, AreOneForEachLoopAndEachHasConnectionsOfItsOwn) {
  pintle::testing::TestLoop loop(2);
  auto places = std::make_shared<Places>(loop);
  auto resolver = std::make_shared<ScriptedResolver>();
  resolver->first = {place("a")};
  std::vector<Spread::Log> logs(2);
  ChannelOptions options;
  options.authority = "test";
  options.resolver = resolver;
  options.balancer = std::make_shared<SpreadOnEach>(logs);
  auto channel = make_channel({&loop.loop(0), &loop.loop(1)}, places, std::move(options)).value();
  for (std::size_t on : {0u, 1u}) {
    RunningCall call = loop.start(bytes_call(channel, "/s/m", Kind::unary, {"hi"}, {}), on);
    EXPECT_EQ(places->at("a").dials.size(), on + 1);
    places->peer("a").settle();
    places->peer("a").answer(1);
    EXPECT_TRUE(call.get().status.ok());
    EXPECT_THAT(logs[on].done, ElementsAre(Spread::Heard{"a", Code::ok, true, true}));
  }
  EXPECT_EQ(resolver->watches, 2);
  EXPECT_EQ(logs[0].done.size(), 1u) << "the second call is the second loop's";
  channel.reset();
  loop.run_until_idle();
  EXPECT_EQ(resolver->ended, 2);
}

TEST(BalancersOfAChannel, WithoutAResolverHaveTheOneEndpointThatIsDialled) {
  Spread::Log log;
  ChannelOptions options;
  options.balancer = std::make_shared<SpreadFactory>(log);
  ChannelTest test(std::move(options));
  RunningCall call = test.connected_call();
  test.peer().answer(1);
  EXPECT_TRUE(call.get().status.ok());
  EXPECT_EQ(log.to, 1);
  EXPECT_EQ(test.dials(), 1u);
}

}  // namespace
}  // namespace pintle::client::test

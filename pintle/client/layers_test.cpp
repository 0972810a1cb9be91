// What a layer of a channel sees at the end of a call is what came over the wire and what its caller is told.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include <pintle/client/test_support/frame_server.hpp>
#include <pintle/rpc/replay.hpp>
#include <pintle/testing/kit/observed.hpp>

namespace pintle::client::test {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Seen {
  Status returned, outcome;
  CancelCause cause;
  Traffic traffic;
  std::string peer;
  bool left = false, processed = false;
};

class Recorder final : public Layer {
 public:
  explicit Recorder(std::vector<Seen>& seen) : seen_(seen) {}
  std::string_view name() const override { return "recorder"; }
  Place place() const override { return Place::telemetry; }
  std::unique_ptr<Handler> wrap(const Site&, Handler& next) const override {
    struct Recording final : Handler {
      Recording(Handler& n, std::vector<Seen>& s) : next(n), seen(s) {}
      Task<Status> operator()(LayerCall& call) override {
        Status status = co_await next(call);
        seen.push_back({status, call.outcome(status), call.cause(), call.traffic, std::string(call.peer()),
                        call.facts.left_client, call.facts.processed});
        co_return status;
      }
      Handler& next;
      std::vector<Seen>& seen;
    };
    return std::make_unique<Recording>(next, seen_);
  }

 private:
  std::vector<Seen>& seen_;
};

ChannelOptions with(std::shared_ptr<const Layer> layer) {
  ChannelOptions options;
  options.max_receive_message = 100;
  options.layers.push_back(std::move(layer));
  return options;
}

class ALayerOfAChannel : public ::testing::Test {
 protected:
  // The last thing that it saw, which is what the caller was told.
  Seen end(RunningCall& call) {
    EXPECT_TRUE(call.done());
    EXPECT_EQ(seen.size(), 1u);
    EXPECT_EQ(call.get().status, seen.at(0).outcome);
    return seen.at(0);
  }
  std::vector<Seen> seen;
  ChannelTest test{with(std::make_shared<Recorder>(seen))};
};

TEST_F(ALayerOfAChannel, SeesACallThatWentWell) {
  RunningCall call = test.connected_call();
  test.peer().answer(1, "there");
  const Seen last = end(call);
  EXPECT_EQ(last.outcome, Status());
  EXPECT_EQ(last.cause, CancelCause::none);
  EXPECT_EQ(last.traffic.in.messages, 1u);
  EXPECT_EQ(last.traffic.in.bytes, 5u);
  EXPECT_EQ(last.traffic.out.messages, 1u);
  EXPECT_EQ(last.traffic.out.wire_bytes, 7u);
  EXPECT_NE(last.peer, "");
}

TEST_F(ALayerOfAChannel, SeesTheServersReset) {
  RunningCall call = test.connected_call();
  test.peer().send(wire::rst(1, http2::ErrorCode::refused_stream));
  const Seen last = end(call);
  EXPECT_EQ(last.outcome.code(), Code::unavailable);
  EXPECT_TRUE(last.left);
  EXPECT_FALSE(last.processed);
}

TEST_F(ALayerOfAChannel, SeesTheDeadline) {
  RunningCall call = test.connected_call("/s/m", CallOptions().timeout(seconds(2)));
  test.loop.advance(seconds(2));
  const Seen last = end(call);
  EXPECT_EQ(last.outcome.code(), Code::deadline_exceeded);
  EXPECT_EQ(last.cause, CancelCause::deadline);
}

TEST_F(ALayerOfAChannel, SeesALostConnection) {
  RunningCall call = test.connected_call();
  test.peer().hang_up();
  EXPECT_EQ(end(call).outcome.code(), Code::unavailable);
}

TEST_F(ALayerOfAChannel, SeesTheCallersCancelling) {
  RunningCall call = test.connected_call();
  call.cancel();
  test.loop.run_until_idle();
  const Seen last = end(call);
  EXPECT_EQ(last.outcome.code(), Code::cancelled);
  EXPECT_EQ(last.cause, CancelCause::caller);
}

TEST_F(ALayerOfAChannel, SeesARefusal) {
  RunningCall call = test.connected_call();
  test.peer().send(wire::headers(1, {{":status", "200"},
                                     {"content-type", "application/grpc"},
                                     {"grpc-status", "12"},
                                     {"grpc-message", "no such method"}})
                       .end_stream());
  const Seen last = end(call);
  EXPECT_EQ(last.outcome.code(), Code::unimplemented);
  EXPECT_TRUE(last.processed);
}

TEST_F(ALayerOfAChannel, SeesAnHttpError) {
  RunningCall call = test.connected_call();
  test.peer().send(wire::headers(1, {{":status", "503"}, {"content-type", "text/html"}}).end_stream());
  const Seen last = end(call);
  EXPECT_EQ(last.outcome.code(), Code::unavailable);
  EXPECT_THAT(std::string(last.outcome.message()), HasSubstr("503"));
}

TEST_F(ALayerOfAChannel, SeesAMessageAboveTheLimit) {
  RunningCall call = test.connected_call();
  test.peer().answer(1, std::string(101, 'x'));
  const Seen last = end(call);
  EXPECT_EQ(last.outcome.code(), Code::resource_exhausted);
  EXPECT_EQ(last.cause, CancelCause::fault);
}

TEST_F(ALayerOfAChannel, SeesACallThatNeverLeft) {
  test.server->refuses = true;
  RunningCall call = test.call("/s/m");
  const Seen last = end(call);
  EXPECT_EQ(last.outcome.code(), Code::unavailable);
  EXPECT_FALSE(last.left);
  EXPECT_EQ(last.peer, "");
  EXPECT_EQ(last.traffic.out.messages, 0u);
}

// Makes one attempt, and does not choose it.
class OneAttempt final : public Layer {
 public:
  explicit OneAttempt(std::vector<std::string>& peers) : peers_(peers) {}
  std::string_view name() const override { return "one_attempt"; }
  Place place() const override { return Place::retry; }
  std::unique_ptr<Handler> wrap(const Site&, Handler& next) const override {
    struct Attempting final : Handler {
      Attempting(Handler& n, std::vector<std::string>& p) : next(n), peers(p) {}
      Task<Status> operator()(LayerCall& call) override {
        for (int i = 0; i < 2; ++i) {
          LayerCall attempt(call, *call.source, *call.sink);
          peers.emplace_back(attempt.peer());
          if (i == 1) break;
          (void)co_await next(attempt).in({&call.loop(), &attempt.scope, &attempt});
          attempt.finish();
        }
        peers.emplace_back(call.peer());
        co_return Status(Code::unavailable, "no attempt went well");
      }
      Handler& next;
      std::vector<std::string>& peers;
    };
    return std::make_unique<Attempting>(next, peers_);
  }

 private:
  std::vector<std::string>& peers_;
};

TEST(PeerOfACall, IsThatOfTheAttemptThatWasSentLastAndNotOfTheNext) {
  std::vector<std::string> peers;
  ChannelTest test(with(std::make_shared<OneAttempt>(peers)));
  RunningCall call = test.connected_call();
  test.peer().answer(1);
  ASSERT_TRUE(call.done());
  ASSERT_EQ(peers.size(), 3u);
  EXPECT_EQ(peers[0], "");
  EXPECT_EQ(peers[1], "") << "the second attempt has no connection";
  EXPECT_THAT(peers[2], HasSubstr("memory:"));
}

// Tries three times, and chooses the last.
class ThreeAttempts final : public Layer {
 public:
  struct Facts {
    bool left, processed, committed;
    std::string pushback;
    bool operator==(const Facts&) const = default;
  };
  explicit ThreeAttempts(std::vector<Facts>& facts) : facts_(facts) {}
  std::string_view name() const override { return "three_attempts"; }
  Place place() const override { return Place::retry; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override {
    struct Attempting final : Handler {
      Attempting(std::size_t loops, Handler& n, std::vector<Facts>& f) : accounts(loops), next(n), facts(f) {}
      Task<Status> operator()(LayerCall& call) override {
        Replay replay(call, {}, accounts[call]);
        for (int number = 1;; ++number) {
          LayerCall attempt(call, *call.source, *call.sink);
          const Replay::Reader requests(replay, attempt);
          Status status = co_await next(attempt).in({&call.loop(), &attempt.scope, &attempt});
          facts.push_back({attempt.facts.left_client, attempt.facts.processed, attempt.facts.committed,
                           std::string(attempt.response_trailers.get("grpc-retry-pushback-ms").value_or(""))});
          EXPECT_FALSE(call.facts.left_client) << "no attempt was chosen yet";
          EXPECT_TRUE(call.response_trailers.empty());
          if (number < 3) continue;
          attempt.chosen();
          co_return status;
        }
      }
      PerLoop<ReplayAccount> accounts;
      Handler& next;
      std::vector<Facts>& facts;
    };
    return std::make_unique<Attempting>(site.loops, next, facts_);
  }

 private:
  std::vector<Facts>& facts_;
};

// gRFC A6: what decides whether it may be tried again.
TEST(FactsOfAnAttempt, AreItsOwnAndGoUpWithTheOneThatIsChosen) {
  using Facts = ThreeAttempts::Facts;
  std::vector<Facts> facts;
  ChannelTest test(with(std::make_shared<ThreeAttempts>(facts)));
  RunningCall call = test.connected_call();
  test.peer().send(wire::rst(1, http2::ErrorCode::refused_stream));
  test.peer().send(Peer::trailers(3, {{":status", "200"},
                                      {"content-type", "application/grpc"},
                                      {"grpc-status", "14"},
                                      {"grpc-retry-pushback-ms", "250"}}));
  ASSERT_EQ(facts.size(), 2u);
  EXPECT_EQ(facts[0], (Facts{.left = true, .processed = false, .committed = false, .pushback = ""}));
  EXPECT_EQ(facts[1], (Facts{.left = true, .processed = true, .committed = false, .pushback = "250"}));
  test.peer().send(Peer::head(5, {{"x-from", "third"}}) +
                   Peer::trailers(5, {{"grpc-status", "9"}, {"x-end", "third"}}));
  ASSERT_EQ(facts.size(), 3u);
  EXPECT_EQ(facts[2], (Facts{.left = true, .processed = true, .committed = true, .pushback = ""}));
  const Outcome outcome = call.get();
  EXPECT_EQ(outcome.status.code(), Code::failed_precondition);
  EXPECT_EQ(outcome.head.get("x-from"), "third");
  EXPECT_EQ(outcome.trailers.get("x-end"), "third");
  EXPECT_TRUE(outcome.left_client);
  EXPECT_TRUE(outcome.processed);
}

TEST(SiteOfAChannel, HasWhatItsOwnerWasTold) {
  struct Curious final : Layer {
    std::string_view name() const override { return "curious"; }
    std::unique_ptr<Handler> wrap(const Site& site, Handler&) const override {
      site.meters.counter({"calls", "{call}", "", {}}).add(2);
      chance = site.random();
      now = site.clock->now();
      loops = site.loops;
      options = site.options;
      site.log.info("wrapped");
      return nullptr;
    }
    mutable std::string options;
    mutable double chance = 0;
    mutable TimePoint now;
    mutable std::size_t loops = 0;
  };
  pintle::testing::ObservedMeter meter;
  auto layer = std::make_shared<Curious>();
  ChannelOptions told = with(layer);
  pintle::testing::ObservedLog log;
  told.meters = meter.meters();
  told.log = log.logger();
  told.method_options = {{"/s/*", "of all"}, {"/other/*", "of others"}};
  told.random = [] { return 0.25; };
  ChannelTest test(told, 2);
  test.connected_call();
  EXPECT_EQ(meter.value("calls"), 2);
  EXPECT_EQ(layer->chance, 0.25);
  EXPECT_EQ(layer->now, test.loop.now());
  EXPECT_EQ(layer->loops, 2u);
  EXPECT_EQ(layer->options, "of all");
  EXPECT_THAT(log.lines(), ::testing::Contains("info wrapped"));
}

// Sends what nobody may read.
struct SecretLayer final : Layer {
  std::string_view name() const override { return "secret"; }
  bool needs_tls() const override { return true; }
  std::unique_ptr<Handler> wrap(const Site&, Handler&) const override { return nullptr; }
};

TEST(LayersThatNeedTls, AreRefusedByAChannelWithoutIt) {
  pintle::testing::TestLoop loop;
  ChannelOptions options;
  options.layers.push_back(std::make_shared<SecretLayer>());
  const auto channel = make_channel({&loop.loop()}, std::make_shared<FrameServer>(loop), options);
  ASSERT_FALSE(channel);
  EXPECT_EQ(channel.error().code(), Code::invalid_argument);
  EXPECT_EQ(channel.error().message(),
            "the layer 'secret' sends what nobody on the way may read, and the channel has no TLS");
}

}  // namespace
}  // namespace pintle::client::test

// The smallest retry and the smallest hedging, written as layers against the attempt's constructor, chosen() and
// Replay, in a real channel that talks to a real server.
#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include <pintle/async/nursery.hpp>
#include <pintle/rpc/awaiting.hpp>
#include <pintle/rpc/client_calls.hpp>
#include <pintle/rpc/replay.hpp>
#include <pintle/rpc/test_support/text.hpp>
#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle {
namespace {

using test::Text;
using ::testing::ElementsAre;

constexpr MethodInfo kChat = test::method_of_kind(Kind::bidi), kUnary = test::method_of_kind(Kind::unary);

// The head of the response is what chooses an attempt.
struct AttemptSink final : Sink {
  AttemptSink(LayerCall& c, Replay& r) : call(c), replay(r) {}
  void head(const Metadata& metadata) override {
    replay.commit(*reader);
    call.response_head = metadata;
    call.sink->head(metadata);
  }
  Poll push(const Message& message) override { return call.sink->push(message); }
  Poll room() noexcept override { return call.sink->room(); }
  void arm(Waiter* waiter) noexcept override { call.sink->arm(waiter); }
  LayerCall& call;
  Replay& replay;
  Replay::Reader* reader = nullptr;
};

struct Tries {
  Tries(const Site& site, Handler& n, ReplayLimits l) : next(n), limits(l), accounts(site.loops) {}
  Handler& next;
  ReplayLimits limits;
  PerLoop<ReplayAccount> accounts;

  // An attempt that was not superseded is the one, unless its failure may be tried again.
  Task<Status> attempt(LayerCall& call, Replay& replay, int number, bool& chosen) {
    AttemptSink sink(call, replay);
    LayerCall attempt(call, *call.source, sink);
    Replay::Reader requests(replay, attempt);
    sink.reader = &requests;
    attempt.facts.attempt = number;
    Status status = co_await next(attempt).in({&call.loop(), &attempt.scope, &attempt});
    chosen = attempt.cause() != CancelCause::superseded &&
             (status.code() != Code::unavailable || attempt.facts.committed || replay.committed());
    if (chosen) attempt.chosen();
    co_return status;
  }
};

struct Retrying final : Handler, Tries {
  using Tries::Tries;
  Task<Status> operator()(LayerCall& call) override {
    Replay replay(call, limits, accounts[call]);
    for (int number = 1;; ++number) {
      bool chosen = false;
      Status status = co_await attempt(call, replay, number, chosen);
      if (chosen || call.cancelled() || number == 3) co_return status;
    }
  }
};

struct Hedging final : Handler, Tries {
  using Tries::Tries;
  Task<Status> operator()(LayerCall& call) override {
    Replay replay(call, limits, accounts[call]);
    Nursery nursery;
    const Env env = co_await current_env();
    struct Hedge {
      Status status;
      bool chosen = false;
    } hedges[2];
    for (int i = 0; i < 2; ++i) nursery.spawn(env, attempt(call, replay, i + 1, hedges[i].chosen), &hedges[i].status);
    co_await nursery.join();
    co_return hedges[0].chosen ? hedges[0].status : hedges[1].status;
  }
};

template <class Wrapped>
struct TriesLayer final : Layer {
  explicit TriesLayer(ReplayLimits l = {}) : limits(l) {}
  std::string_view name() const override { return "tries"; }
  Place place() const override { return Place::retry; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override {
    return std::make_unique<Wrapped>(site, next, limits);
  }
  ReplayLimits limits;
};

// Answers what `answer` says; echoes otherwise.
struct FallbackHandler final : Handler {
  explicit FallbackHandler(test::TaskFunction<LayerCall&, int> a) : answer(std::move(a)) {}
  Task<Status> operator()(LayerCall& call) override { co_return co_await answer(call, ++calls); }
  test::TaskFunction<LayerCall&, int> answer;
  int calls = 0;
};

Task<Status> echo(LayerCall& call) {
  for (;;) {
    auto message = co_await call.read();
    if (!message) co_return message.error();
    if (*message == nullptr) co_return Status();
    if (Status s = co_await call.write(**message); !s.ok()) co_return s;
  }
}

class ReplayLayers : public ::testing::Test {
 protected:
  template <class Wrapped>
  void start(test::TaskFunction<LayerCall&, int> answer, ReplayLimits limits = {}) {
    auto handler = std::make_unique<FallbackHandler>(std::move(answer));
    handler_ = handler.get();
    server_.server().set_fallback(std::move(handler));
    ChannelOptions options;
    options.layers.push_back(std::make_shared<TriesLayer<Wrapped>>(limits));
    channel_ = server_.channel(std::move(options));
  }
  testing::TestLoop& loop() { return server_.loop(); }

  Task<Status> chat(std::vector<std::string> texts, std::vector<std::string>& answers) {
    BidiStream<Text, Text> stream =
        co_await codegen::Opening<BidiStream<Text, Text>>(channel_->method(kChat), kChat, CallOptions(), channel_);
    for (const std::string& text : texts) (void)co_await stream.write(Text(text));
    stream.close_writing();
    for (;;) {
      auto answer = co_await stream.read();
      if (!answer) co_return answer.error();
      if (*answer == nullptr) co_return Status();
      answers.push_back((*answer)->value);
    }
  }

  testing::InMemoryServer server_;
  FallbackHandler* handler_ = nullptr;
  std::shared_ptr<Channel> channel_;
};

// The first answers after it has read two messages, so the second must be sent them again.
Task<Status> fail_once(LayerCall& call, int number) {
  if (number > 1) co_return co_await echo(call);
  for (int i = 0; i < 2; ++i) (void)co_await call.read();
  co_return unavailable("not now");
}

TEST_F(ReplayLayers, ARetriedStreamSendsItsMessagesAgain) {
  start<Retrying>(fail_once);
  std::vector<std::string> answers;
  const Status status = loop().run(chat({"one", "two", "three"}, answers));
  EXPECT_TRUE(status.ok()) << status.to_string();
  EXPECT_THAT(answers, ElementsAre("one", "two", "three"));
  EXPECT_EQ(handler_->calls, 2);
}

TEST_F(ReplayLayers, ARetriedUnaryCallSendsItsRequestAgain) {
  start<Retrying>([](LayerCall& call, int number) -> Task<Status> {
    if (number < 3) co_return unavailable("not now");
    co_return co_await echo(call);
  });
  const Text request("again");
  auto response = loop().run(codegen::unary_call<Text, Text>(channel_, channel_->method(kUnary), kUnary, request, {}));
  ASSERT_TRUE(response.has_value()) << response.error().to_string();
  EXPECT_EQ(response->value, "again");
  EXPECT_EQ(handler_->calls, 3);
}

TEST_F(ReplayLayers, AStreamAboveTheLimitIsNotRetried) {
  ReplayLimits limits;
  limits.per_call = 20;
  start<Retrying>(fail_once, limits);
  std::vector<std::string> answers;
  const Status status = loop().run(chat({"more than", "is kept here"}, answers));
  EXPECT_EQ(status.code(), Code::unavailable);
  EXPECT_EQ(handler_->calls, 1);
}

TEST_F(ReplayLayers, AStreamAboveTheLimitGoesThroughWhole) {
  ReplayLimits limits;
  limits.per_call = 20;
  start<Retrying>([](LayerCall& call, int) -> Task<Status> { co_return co_await echo(call); }, limits);
  std::vector<std::string> answers;
  const std::string large(100'000, 'x');
  EXPECT_TRUE(loop().run(chat({"small", large, "more", large}, answers)).ok());
  EXPECT_THAT(answers, ElementsAre("small", large, "more", large));
}

TEST_F(ReplayLayers, TheHedgeThatAnswersFirstIsTheCall) {
  start<Hedging>([](LayerCall& call, int number) -> Task<Status> {
    if (number == 1) (void)co_await sleep_for(std::chrono::seconds(5));
    call.response_head.add("who", std::to_string(number));
    co_return co_await echo(call);
  });
  std::vector<std::string> answers;
  const TimePoint began = loop().now();
  EXPECT_TRUE(loop().run(chat({"one", "two"}, answers)).ok());
  EXPECT_THAT(answers, ElementsAre("one", "two"));
  EXPECT_EQ(handler_->calls, 2) << "both were asked";
  EXPECT_EQ(loop().now(), began) << "nobody waited for the slow one";
}

}  // namespace
}  // namespace pintle

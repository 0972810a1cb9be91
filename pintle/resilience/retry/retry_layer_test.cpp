// Retries in a real channel that talks to a real server, and by the driver where time counts.
#include <pintle/resilience/retry/retry_layer.hpp>

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include <pintle/rpc/awaiting.hpp>
#include <pintle/rpc/client_calls.hpp>
#include <pintle/rpc/test_support/text.hpp>
#include <pintle/testing/kit/in_memory_server.hpp>
#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using test::Text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LayerDriver;
using testing::Script;

constexpr MethodInfo kChat = test::method_of_kind(Kind::bidi), kUnary = test::method_of_kind(Kind::unary);

RetryOptions retrying(RetryPolicy policy = {}) {
  RetryOptions options;
  options.rules.emplace_back("*", policy);
  return options;
}

struct Scripted final : Handler {
  explicit Scripted(test::TaskFunction<LayerCall&, int> a) : answer(std::move(a)) {}
  Task<Status> operator()(LayerCall& call) override {
    seen.emplace_back(call.request_metadata.get("grpc-previous-rpc-attempts").value_or("-"));
    co_return co_await answer(call, static_cast<int>(seen.size()));
  }
  test::TaskFunction<LayerCall&, int> answer;
  std::vector<std::string> seen;  // grpc-previous-rpc-attempts of each
};

Task<Status> echo(LayerCall& call) {
  for (;;) {
    auto message = co_await call.read();
    if (!message) co_return message.error();
    if (*message == nullptr) co_return Status();
    if (Status s = co_await call.write(**message); !s.ok()) co_return s;
  }
}

class RetryLayerTest : public ::testing::Test {
 protected:
  void start(test::TaskFunction<LayerCall&, int> answer, RetryOptions options = retrying()) {
    auto handler = std::make_unique<Scripted>(std::move(answer));
    handler_ = handler.get();
    server_.server().set_fallback(std::move(handler));
    ChannelOptions told;
    told.layers.push_back(std::make_shared<RetryLayer>(std::move(options)));
    channel_ = server_.channel(std::move(told));
  }
  Result<Text> unary(std::string text, CallOptions options = {}) {
    const Text request(std::move(text));
    auto running =
        loop().start(codegen::unary_call<Text, Text>(channel_, channel_->method(kUnary), kUnary, request, options));
    loop().advance(100s);
    return running.get();
  }
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
  testing::TestLoop& loop() { return server_.loop(); }

  testing::InMemoryServer server_;
  Scripted* handler_ = nullptr;
  std::shared_ptr<Channel> channel_;
};

TEST_F(RetryLayerTest, AFailureThatPassesIsNeverSeen) {
  start([](LayerCall& call, int number) -> Task<Status> {
    if (number < 3) co_return unavailable("not now");
    co_return co_await echo(call);
  });
  const auto response = unary("again");
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(response->value, "again");
  EXPECT_THAT(handler_->seen, ElementsAre("-", "1", "2"));
}

TEST_F(RetryLayerTest, AFailureThatStaysIsTheServersOwn) {
  start([](LayerCall&, int number) -> Task<Status> { co_return unavailable("down, {}", number); });
  const auto response = unary("x");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().message(), "down, 4");
  EXPECT_EQ(handler_->seen.size(), 4u);
}

TEST_F(RetryLayerTest, AResponseThatHasBegunIsTheCallsOnlyOne) {
  start([](LayerCall& call, int) -> Task<Status> {
    call.send_head();
    co_return unavailable("after the head");
  });
  EXPECT_EQ(unary("x").error().message(), "after the head");
  EXPECT_EQ(handler_->seen.size(), 1u);
}

TEST_F(RetryLayerTest, AStreamSendsItsMessagesAgain) {
  start([](LayerCall& call, int number) -> Task<Status> {
    if (number > 1) co_return co_await echo(call);
    for (int i = 0; i < 2; ++i) (void)co_await call.read();
    co_return unavailable("not now");
  });
  std::vector<std::string> answers;
  auto running = loop().start(chat({"one", "two", "three"}, answers));
  loop().advance(10s);
  EXPECT_TRUE(running.get().ok());
  EXPECT_THAT(answers, ElementsAre("one", "two", "three"));
  EXPECT_EQ(handler_->seen.size(), 2u);
}

TEST_F(RetryLayerTest, TheServersPushbackIsTheDelay) {
  std::vector<TimePoint> at;
  start([&](LayerCall& call, int number) -> Task<Status> {
    at.push_back(call.loop().now());
    if (number > 1) co_return co_await echo(call);
    call.response_trailers.set("grpc-retry-pushback-ms", "7000");
    co_return unavailable("later");
  });
  ASSERT_TRUE(unary("x"));
  EXPECT_EQ(at[1] - at[0], 7s);
}

TEST_F(RetryLayerTest, ADeadlineThatPassesBetweenAttemptsSaysWhatWasTried) {
  start([](LayerCall&, int) -> Task<Status> { co_return unavailable("the database is away"); });
  const auto response = unary("x", CallOptions().timeout(2s));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code(), Code::deadline_exceeded);
  EXPECT_THAT(std::string(response.error().message()),
              HasSubstr("after 2 attempts; the last one ended with UNAVAILABLE: the database is away"));
}

TEST_F(RetryLayerTest, ConnectingIsTriedAgainByThePolicy) {
  start([](LayerCall& call, int) -> Task<Status> { co_return co_await echo(call); });
  server_.refuse(2);
  const auto response = unary("x");
  ASSERT_TRUE(response) << response.error().to_string();
  EXPECT_EQ(server_.dials(), 3);
}

// -- By the driver: what needs no wire --------------------------------------------------------------------------------

struct RetryTiming : ::testing::Test {
  void with(RetryOptions options, MethodInfo method = kUnary) {
    driver.emplace(Side::client, std::make_shared<RetryLayer>(std::move(options)));
    driver->method(method);
  }
  std::optional<LayerDriver> driver;
};

TEST_F(RetryTiming, AnAttemptThatHangsIsGivenUpAndTriedAgain) {
  RetryPolicy policy;
  policy.per_attempt_timeout = 500ms;
  policy.initial_backoff = 100ms;
  with(retrying(policy));
  driver->next(Script().waits_for_cancellation()).next(Script().reads().writes("late but here"));
  auto& call = driver->call().sends("x").start();
  driver->advance(499ms);
  EXPECT_EQ(driver->reached(), 1u);
  driver->advance(1ms);
  driver->advance(100ms);
  ASSERT_TRUE(call.done());
  EXPECT_TRUE(call.status().ok());
  EXPECT_THAT(call.messages(), ElementsAre("late but here"));
}

TEST_F(RetryTiming, EveryAttemptThatHangsEndsTheCallInTime) {
  RetryPolicy policy;
  policy.per_attempt_timeout = 1s;
  policy.initial_backoff = 1ms;
  policy.max_backoff = 1ms;
  with(retrying(policy));
  driver->next(Script().waits_for_cancellation());
  auto& call = driver->call().sends("x").timeout(30s).start();
  driver->advance(5s);
  ASSERT_TRUE(call.done());
  EXPECT_EQ(driver->reached(), 4u);
  EXPECT_EQ(call.status().code(), Code::deadline_exceeded);
  EXPECT_THAT(std::string(call.status().message()), HasSubstr("(after 4 attempts)"));
}

TEST_F(RetryTiming, AnAttemptsTimeoutEndsWithItsHead) {
  RetryPolicy policy;
  policy.per_attempt_timeout = 1s;
  with(retrying(policy), kChat);
  driver->next(Script().sends_head().waits(10s).writes("slow"));
  auto& call = driver->call().ends().start();
  driver->advance(11s);
  ASSERT_TRUE(call.done());
  EXPECT_TRUE(call.status().ok()) << call.status().to_string();
}

TEST_F(RetryTiming, ACallThatIsLetGoIsNotTriedAgain) {
  with(retrying());
  driver->next(Script().returns(Status(Code::unavailable, "down")));
  auto& call = driver->call().sends("x").start();
  call.cancel(CancelCause::caller);
  driver->advance(50s);
  EXPECT_TRUE(call.done());
  EXPECT_EQ(driver->reached(), 1u);
}

TEST_F(RetryTiming, OnlyMethodsThatMayRunTwiceWhereTheRuleSaysSo) {
  for (const Idempotency level : {Idempotency::unknown, Idempotency::idempotent, Idempotency::no_side_effects}) {
    RetryOptions options = retrying();
    options.rules.front().only_idempotent = true;
    MethodInfo method = kUnary;
    method.idempotency = level;
    with(options, method);
    driver->next(Script().returns(Status(Code::unavailable, "down")));
    auto& call = driver->call().sends("x").start();
    driver->advance(60s);
    EXPECT_TRUE(call.done());
    EXPECT_EQ(driver->reached(), level == Idempotency::unknown ? 1u : 4u);
  }
}

TEST_F(RetryTiming, ADroppedCallIsNotTriedAgain) {
  with(retrying());
  driver->next(Script()
                   .does([](LayerCall& call) { call.facts.dropped = true; })
                   .returns(Status(Code::unavailable, "the balancer wants no more")));
  auto& call = driver->call().sends("x").start();
  driver->advance(20s);
  EXPECT_TRUE(call.done());
  EXPECT_EQ(driver->reached(), 1u);
}

TEST_F(RetryTiming, WhatWasTriedAgainIsMeasuredAndNothingElse) {
  RetryOptions options = retrying();
  options.target = "items:1";
  with(options);
  driver->next(Script().returns(Status(Code::unavailable, "down"))).next(Script().writes("x"));
  driver->call().sends("x").start();
  driver->advance(2s);
  driver->call().sends("x").start();
  const auto cell = [](std::string_view name) {
    return "grpc.client.call." + std::string(name) + "{grpc.method=test.Texts/Do,grpc.target=items:1}";
  };
  EXPECT_THAT(driver->meter.records(cell("retries")), ElementsAre(1));
  EXPECT_THAT(driver->meter.records(cell("retry_delay")), ElementsAre(1));
  EXPECT_THAT(driver->meter.records(cell("transparent_retries")), IsEmpty());
}

TEST_F(RetryTiming, AStormOfFailuresIsThrottled) {
  RetryOptions options = retrying();
  options.throttle = std::make_shared<RetryThrottle>(10, 0.1);
  with(options);
  driver->next(Script().returns(Status(Code::unavailable, "down")));
  for (int i = 0; i < 600; ++i) {  // ten a second for a minute
    driver->call().sends("x").start();
    driver->advance(100ms);
  }
  driver->advance(60s);
  EXPECT_EQ(driver->reached(), 604u) << "four retries in all, then none";
}

}  // namespace
}  // namespace pintle

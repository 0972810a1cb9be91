// The life of a call: how it ends, when its slot is free again, and what its handler sees.
#include <optional>

#include <gmock/gmock.h>

#include <pintle/async/event.hpp>
#include <pintle/server/test_support/frame_client.hpp>

namespace pintle::server::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using wire::data;
using wire::headers;

class ServerCalls : public ::testing::Test, public ServerTest {
 protected:
  using ServerTest::ServerTest;
};

TEST_F(ServerCalls, TheDeadlineEndsTheResponseWhileItsHandlerStillRuns) {
  Event listener;
  std::vector<const Call*> calls;
  int returned = 0;
  service.add("/s/stubborn", [&](Call& call) -> Task<Status> {
    calls.push_back(&call);
    const Env env = co_await current_env();
    // A wait that hears of no cancelling.
    (void)co_await
        [](Event& d) -> Task<Status> { co_return co_await d.wait(); }(listener).in({env.loop, nullptr, nullptr});
    ++returned;
    co_return Status();
  });
  start();
  EXPECT_THAT(client().send(headers(1, grpc("/s/stubborn", {{"grpc-timeout", "100m"}})).end_stream()), IsEmpty());
  loop.advance(std::chrono::milliseconds(99));
  EXPECT_THAT(client().received(), IsEmpty());
  loop.advance(std::chrono::milliseconds(1));
  EXPECT_THAT(client().received(), ElementsAre(AllOf(HasSubstr("END_STREAM"), HasSubstr("grpc-status=4"))));
  EXPECT_EQ(returned, 0);

  // Its slot is still taken: the next call has another one.
  client().send(headers(3, grpc("/s/stubborn")).end_stream());
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_NE(calls[0], calls[1]);
  listener.set();
  EXPECT_THAT(client().received(), ElementsAre(AllOf(HasSubstr("HEADERS 3"), HasSubstr("grpc-status=0"))));
  EXPECT_EQ(returned, 2);

  // Now both are free.
  client().send(headers(5, grpc("/s/stubborn")).end_stream());
  ASSERT_EQ(calls.size(), 3u);
  EXPECT_TRUE(calls[2] == calls[0] || calls[2] == calls[1]);
}

TEST_F(ServerCalls, TheHandlerSeesWhatIsLeftOfTheDeadline) {
  Duration left{};
  service.add("/s/m", [&](Call& call) -> Task<Status> {
    const Env env = co_await current_env();
    left = call.deadline().remaining(env.loop->now());
    co_return Status();
  });
  start();
  client().send(headers(1, grpc("/s/m", {{"grpc-timeout", "250m"}})).end_stream());
  EXPECT_EQ(left, std::chrono::milliseconds(250));
  client().send(headers(3, grpc("/s/m")).end_stream());
  EXPECT_EQ(left, Duration::max());
}

TEST_F(ServerCalls, AHandlerThatAnswersOkAfterTheDeadlineIsNotHeard) {
  service.add("/s/m", [](Call&) -> Task<Status> {
    (void)co_await sleep_for(std::chrono::seconds(1));
    co_return Status();
  });
  start();
  client().send(headers(1, grpc("/s/m", {{"grpc-timeout", "10m"}})).end_stream());
  loop.advance(std::chrono::seconds(2));
  EXPECT_THAT(client().received(), ElementsAre(HasSubstr("grpc-status=4")));
}

TEST_F(ServerCalls, AResetCancelsWhatTheHandlerAwaits) {
  std::vector<Status> seen;
  service.add("/s/read", [&](Call& call) -> Task<Status> {
    auto next = co_await call.read();
    seen.push_back(next ? Status() : next.error());
    co_return Status();
  });
  service.add("/s/sleep", [&](Call&) -> Task<Status> {
    seen.push_back(co_await sleep_for(std::chrono::hours(1)));
    co_return Status();
  });
  service.add("/s/write", [&](Call& call) -> Task<Status> {
    const std::string text(64 * 1024, 'x');
    const Message big(wire::as_bytes(text), nullptr, nullptr);
    Status sent;
    while (sent.ok()) sent = co_await call.write(big);
    seen.push_back(sent);
    co_return Status();
  });
  start();
  std::uint32_t id = 1;
  for (const char* path : {"/s/read", "/s/sleep", "/s/write"}) {
    client().send(headers(id, grpc(path)));
    EXPECT_THAT(seen, IsEmpty()) << path;
    EXPECT_THAT(client().send(wire::rst(id, http2::ErrorCode::cancel)), IsEmpty()) << path;
    ASSERT_EQ(seen.size(), 1u) << path;
    EXPECT_EQ(seen[0].code(), Code::cancelled) << path;
    EXPECT_EQ(seen[0].origin(), Origin::peer) << path;
    seen.clear();
    id += 2;
  }
}

TEST_F(ServerCalls, ALostConnectionCancelsItsCalls) {
  Status seen;
  service.add("/s/sleep", [&](Call&) -> Task<Status> {
    seen = co_await sleep_for(std::chrono::hours(1));
    co_return Status();
  });
  start();
  client().send(headers(1, grpc("/s/sleep")).end_stream());
  client().hang_up();
  EXPECT_EQ(seen.code(), Code::cancelled);
  EXPECT_EQ(server.connections(), 0u);
}

// What is logged, a string per line.
class LogLines final : public LogSink {
 public:
  bool enabled(Level) const noexcept override { return true; }
  void write(Level level, std::string_view message, std::span<const Field> fields) noexcept override {
    std::string line = level == Level::error ? "error " : "";
    line += message;
    for (const Field& field : fields) {
      line.append(" ").append(field.key).append("=");
      if (auto* text = std::get_if<std::string_view>(&field.value)) line += *text;
      if (auto* number = std::get_if<std::int64_t>(&field.value)) line += std::to_string(*number);
    }
    lines.push_back(std::move(line));
  }
  Lines lines;
};

TEST(ServerFailures, AnExceptionBecomesUnknownWithAnIdThatTheLogKnowsAndNothingElse) {
  LogLines log;
  ServerOptions options;
  options.log = Logger(&log);
  ServerTest test(options);
  test.service.add("/s/throws", [](Call&) -> Task<Status> {
    throw std::runtime_error("password=hunter2");
    co_return Status();
  });
  test.service.add("/s/odd", [](Call&) -> Task<Status> {
    throw 7;  // NOLINT(hicpp-exception-baseclass): strangers throw what they like
    co_return Status();
  });
  FrameClient& client = test.start();
  const Lines first = client.send(headers(1, grpc("/s/throws")).end_stream());
  EXPECT_THAT(first, ElementsAre(AllOf(HasSubstr("grpc-status=2"), HasSubstr("error 1"), Not(HasSubstr("hunter2")))));
  EXPECT_THAT(log.lines, Contains(AllOf(HasSubstr("error a handler threw"), HasSubstr("grpc.method=/s/throws"),
                                        HasSubstr("hunter2"), HasSubstr("error_id=1"))));
  EXPECT_THAT(client.send(headers(3, grpc("/s/odd")).end_stream()),
              ElementsAre(AllOf(HasSubstr("grpc-status=2"), HasSubstr("error 2"))));
  // The slots of both are whole again.
  EXPECT_THAT(client.send(headers(5, grpc("/s/throws")).end_stream()), ElementsAre(HasSubstr("error 3")));
}

TEST(ServerLimits, ARequestAboveTheLimitIsResourceExhaustedAndNamesBothSizes) {
  ServerOptions options;
  options.max_receive_message = 10;
  ServerTest test(options);
  test.service.add("/s/echo", echo);
  FrameClient& client = test.start();
  EXPECT_THAT(client.send(headers(1, grpc("/s/echo")) + data(1, message(std::string(10, 'x'))).end_stream()),
              Contains(HasSubstr("grpc-status=0")));
  // The prefix alone is enough: the rest is never waited for.
  EXPECT_THAT(
      client.send(headers(3, grpc("/s/echo")) + data(3, message(std::string(11, 'x')).substr(0, 5))),
      ElementsAre(AllOf(HasSubstr("grpc-status=8"), HasSubstr("11"), HasSubstr("10")), "RST_STREAM 3 NO_ERROR"));
}

TEST(ServerLimits, AZeroLimitTakesEmptyMessages) {
  ServerOptions options;
  options.max_receive_message = 0;
  ServerTest test(options);
  test.service.add("/s/echo", echo);
  FrameClient& client = test.start();
  EXPECT_THAT(client.send(headers(1, grpc("/s/echo")) + data(1, message("")).end_stream()),
              Contains(HasSubstr("grpc-status=0")));
  EXPECT_THAT(client.send(headers(3, grpc("/s/echo")) + data(3, message("x")).end_stream()),
              Contains(HasSubstr("grpc-status=8")));
}

TEST_F(ServerCalls, AWriterWaitsForAClientThatDoesNotRead) {
  constexpr int kMessages = 1000, kSize = 1024;
  int written = 0;
  service.add("/s/pour", [&](Call& call) -> Task<Status> {
    const std::string text(kSize, 'x');
    const Message one(wire::as_bytes(text), nullptr, nullptr);
    while (written < kMessages) {
      ++written;
      if (Status sent = co_await call.write(one); !sent.ok()) co_return sent;
    }
    co_return Status();
  });
  start();
  client().send(headers(1, grpc("/s/pour")).end_stream());
  // At most the peer's window and what a stream may queue.
  EXPECT_GT(written, 0);
  EXPECT_LE(written, (65'535 + 64 * 1024) / kSize + 2);
  const int before = written;
  client().send(wire::window_update(1, 40'000) + wire::window_update(0, 40'000));
  EXPECT_GT(written, before);
  EXPECT_LE(written, before + 40'000 / kSize + 2);
  const Lines rest = client().send(wire::window_update(1, 2'000'000) + wire::window_update(0, 2'000'000));
  EXPECT_EQ(written, kMessages);
  EXPECT_THAT(rest.back(), HasSubstr("grpc-status=0"));
}

TEST_F(ServerCalls, AReaderThatDoesNotReadStopsItsClient) {
  Event listener;
  service.add("/s/slow", [&](Call& call) -> Task<Status> {
    (void)co_await listener.wait();
    co_return co_await echo(call);
  });
  start();
  client().send(headers(1, grpc("/s/slow")));
  Lines lines;
  for (int i = 0; i < 4; ++i) {
    Lines more = client().send(data(1, message(std::string(15'000, 'x'))));
    lines.insert(lines.end(), more.begin(), more.end());
  }
  EXPECT_THAT(lines, Each(Not(HasSubstr("WINDOW_UPDATE 1")))) << "nobody has read it yet";
  listener.set();
  EXPECT_THAT(client().received(), Contains(HasSubstr("WINDOW_UPDATE 1")));
}

TEST(ServerLimits, HandlersAboveMaxRunningWaitTheirTurn) {
  ServerOptions options;
  options.connection.max_running = 1;
  ServerTest test(options);
  Event listener;
  int running = 0;
  test.service.add("/s/m", [&](Call&) -> Task<Status> {
    ++running;
    (void)co_await listener.wait();
    co_return Status();
  });
  FrameClient& client = test.start();
  client.send(headers(1, grpc("/s/m")).end_stream() + headers(3, grpc("/s/m")).end_stream());
  EXPECT_EQ(running, 1);
  listener.set();
  EXPECT_THAT(client.received(), ElementsAre(HasSubstr("HEADERS 1"), HasSubstr("HEADERS 3")));
  EXPECT_EQ(running, 2);
}

// Calls that never began must not hold up the end of the server.
TEST(ServerLimits, CallsThatWaitForTheirTurnWhenTheConnectionIsLostAreOver) {
  ServerOptions options;
  options.connection.max_running = 1;
  ServerTest test(options);
  test.service.add("/s/m", [&](Call&) -> Task<Status> { co_return co_await sleep_for(std::chrono::hours(1)); });
  FrameClient& client = test.start();
  client.send(headers(1, grpc("/s/m")).end_stream() + headers(3, grpc("/s/m")).end_stream() +
              headers(5, grpc("/s/m")).end_stream());
  client.hang_up();
  bool done = false;
  test.server.drain(std::chrono::seconds(1), [&] { done = true; });
  test.loop.run_until_idle();
  EXPECT_TRUE(done);
}

// It waits for its turn, and its client waits no longer.
TEST(ServerLimits, ADeadlineThatPassesBeforeTheHandlersTurnIsAnsweredThenAndTheTurnIsTheNextOnes) {
  ServerOptions options;
  options.connection.max_running = 1;
  ServerTest test(options);
  Event listener;
  std::vector<std::string> ran;
  test.service.add("/s/m", [&](Call& call) -> Task<Status> {
    ran.emplace_back(call.request_metadata.get("x").value_or(""));
    co_return co_await listener.wait();
  });
  FrameClient& client = test.start();
  client.send(headers(1, grpc("/s/m", {{"x", "first"}})).end_stream() +
              headers(3, grpc("/s/m", {{"x", "hurried"}, {"grpc-timeout", "100m"}})).end_stream() +
              headers(5, grpc("/s/m", {{"x", "patient"}})).end_stream());
  test.loop.advance(std::chrono::milliseconds(99));
  EXPECT_THAT(client.received(), IsEmpty());
  test.loop.advance(std::chrono::milliseconds(1));
  EXPECT_THAT(client.received(),
              ElementsAre(AllOf(HasSubstr("HEADERS 3"), HasSubstr("END_STREAM"), HasSubstr("grpc-status=4"))));
  EXPECT_THAT(ran, ElementsAre("first"));
  listener.set();
  EXPECT_THAT(client.received(), ElementsAre(HasSubstr("HEADERS 1"), HasSubstr("HEADERS 5")));
  EXPECT_THAT(ran, ElementsAre("first", "patient"));
}

TEST(ServerLimits, TheEndOfTheGraceTimeAnswersCallsThatWaitForTheirTurn) {
  ServerOptions options;
  options.connection.max_running = 1;
  ServerTest test(options);
  test.service.add("/s/m", [&](Call&) -> Task<Status> { co_return co_await sleep_for(std::chrono::hours(1)); });
  FrameClient& client = test.start();
  client.send(headers(1, grpc("/s/m")).end_stream() + headers(3, grpc("/s/m")).end_stream());
  bool done = false;
  test.server.drain(std::chrono::seconds(1), [&] { done = true; });
  test.loop.advance(std::chrono::seconds(1));
  EXPECT_TRUE(done);
  EXPECT_THAT(client.received(), Contains(AllOf(HasSubstr("HEADERS 3"), HasSubstr("grpc-status=14"))));
}

// The handler has returned, and its answer waits for a window that the client never opens.
TEST(Leftovers, AreResetAtTheDeadlineOfTheirCall) {
  ServerTest test;
  test.service.add("/s/m", echo);
  FrameClient& client = test.start();
  client.send(wire::settings({{http2::SettingId::initial_window_size, 0}}));
  std::string requests;
  Lines resets;
  for (std::uint32_t id = 1; id < 20; id += 2) {
    requests += headers(id, grpc("/s/m", {{"grpc-timeout", "1S"}})) + data(id, message("x")).end_stream();
    resets.push_back("RST_STREAM " + std::to_string(id) + " CANCEL");
  }
  EXPECT_THAT(client.send(requests), Each(HasSubstr(":status=200")));
  test.loop.advance(std::chrono::milliseconds(999));
  EXPECT_THAT(client.received(), IsEmpty());
  test.loop.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(client.received(), resets);
}

}  // namespace
}  // namespace pintle::server::test

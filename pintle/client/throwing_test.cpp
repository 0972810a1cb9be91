// What layers, their streams and codecs throw on a channel ends the call that it struck, with a status, and nothing
// else.
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <gmock/gmock.h>

#include <pintle/client/test_support/frame_server.hpp>

namespace pintle::client::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

enum class Where : std::uint8_t { nowhere, before, after, poll, push, head };

// The streams of a call, of which one throws.
struct Streams final : Source, Sink {
  Streams(LayerCall& c, Where w) : source(*c.source), sink(*c.sink), where(w) {}
  Poll poll(Message*& message) override {
    if (where == Where::poll) throw std::runtime_error("boom");
    return source.poll(message);
  }
  void head(const Metadata& metadata) override {
    if (where == Where::head) throw std::runtime_error("boom");
    sink.head(metadata);
  }
  Poll push(const Message& message) override {
    if (where == Where::push) throw std::runtime_error("boom");
    return sink.push(message);
  }
  Poll room() noexcept override { return sink.room(); }
  void arm(Waiter* waiter) noexcept override { (as_source ? source.arm(waiter) : sink.arm(waiter)); }
  Source& source;
  Sink& sink;
  Where where;
  bool as_source = false;
};

class Throwing final : public Layer {
 public:
  explicit Throwing(Where where) : where_(where) {}
  std::string_view name() const override { return "throwing"; }
  std::unique_ptr<Handler> wrap(const Site&, Handler& next) const override {
    struct Wrapped final : Handler {
      Wrapped(Handler& n, Where w) : next(n), where(w) {}
      Task<Status> operator()(LayerCall& call) override {
        if (where == Where::before) throw std::runtime_error("boom");
        Streams streams(call, where);
        Source* const source = call.source;
        Sink* const sink = call.sink;
        if (where == Where::poll) {
          streams.as_source = true;
          call.source = &streams;
        } else if (where == Where::push || where == Where::head) {
          call.sink = &streams;
        }
        Status status = co_await next(call);
        call.source = source;
        call.sink = sink;
        if (where == Where::after) throw std::runtime_error("boom");
        co_return status;
      }
      Handler& next;
      Where where;
    };
    return std::make_unique<Wrapped>(next, where_);
  }

 private:
  Where where_;
};

ChannelOptions with(Where where) {
  ChannelOptions options;
  options.layers.push_back(std::make_shared<Throwing>(where));
  return options;
}

TEST(ThrowingLayer, EndsItsCallAndNoOther) {
  for (const Where where : {Where::before, Where::after, Where::poll, Where::push, Where::head}) {
    for (const Kind kind : {Kind::unary, Kind::client_stream, Kind::server_stream, Kind::bidi}) {
      SCOPED_TRACE(::testing::Message() << "where " << static_cast<int>(where) << ", kind " << static_cast<int>(kind));
      ChannelTest test(with(where));
      RunningCall call = test.call("/s/m", {}, kind);
      if (!call.done()) {
        test.peer().settle();
        test.peer().answer(1);
      }
      ASSERT_TRUE(call.done());
      EXPECT_EQ(call.get().status, Status(Code::unknown, "boom"));
    }
  }
}

// The request stream is still open and waited for when the response's sink throws: what uploads must not outlive the
// call.
Task<Status> open_ended(std::shared_ptr<Channel> channel, Pipe& up) {
  const Env env = co_await current_env();
  MethodInfo info;
  info.path = "/s/m";
  info.kind = Kind::bidi;
  Pipe down(nullptr, SIZE_MAX);
  LayerCall call(*env.loop, info, up.source(), down.sink(), env.scope);
  Status status = co_await channel->method(info)(call).in({env.loop, &call.scope, &call});
  call.finish();
  co_return status;
}

TEST(ThrowingLayer, WhoseSinkThrowsWhileTheNextRequestIsAwaitedLeavesNobodyBehind) {
  for (const Where where : {Where::push, Where::head}) {
    ChannelTest test(with(where));
    auto up = std::make_unique<Pipe>(nullptr);
    auto running = test.loop.start(open_ended(test.channel, *up));
    test.peer().settle();
    EXPECT_FALSE(running.done());
    test.peer().send(Peer::head(1) + wire::data(1, message("hello")));
    ASSERT_TRUE(running.done());
    EXPECT_EQ(running.get(), Status(Code::unknown, "boom"));
    EXPECT_THAT(test.peer().calls(), Contains("RST_STREAM 1 CANCEL"));
    (void)up->sink().push(Message(wire::as_bytes("late"), nullptr, nullptr));
    up.reset();
    test.loop.run_until_idle();
  }
}

// A request stream that fails: the call ends with that, though it has no deadline and the server says nothing.
struct Failing final : Source {
  Poll poll(Message*&) override { throw std::runtime_error("no more requests"); }
  void arm(Waiter*) noexcept override {}
};
Task<Status> failing_upload(std::shared_ptr<Channel> channel) {
  const Env env = co_await current_env();
  MethodInfo info;
  info.path = "/s/m";
  info.kind = Kind::client_stream;
  Failing up;
  Pipe down(nullptr, SIZE_MAX);
  LayerCall call(*env.loop, info, up, down.sink(), env.scope);
  Status status = co_await channel->method(info)(call).in({env.loop, &call.scope, &call});
  call.finish();
  co_return status;
}
TEST(Upload, ThatFailsEndsItsCall) {
  ChannelTest test;
  auto running = test.loop.start(failing_upload(test.channel));
  if (!running.done()) test.peer().settle();
  ASSERT_TRUE(running.done());
  EXPECT_EQ(running.get(), Status(Code::unknown, "no more requests"));
}

// -- Codecs -----------------------------------------------------------------------------------------------------------

struct Stubborn {
  struct Descriptor {
    std::string_view full_name() const { return "test.Stubborn"; }
  };
  static const Descriptor* descriptor() {
    static constexpr Descriptor kDescriptor;
    return &kDescriptor;
  }
  bool ParseFromArray(const void*, int) { throw std::runtime_error("can't parse"); }
  std::size_t ByteSizeLong() const {
    if (where == 0) throw std::runtime_error("can't measure");
    return 20;
  }
  void SerializeWithCachedSizesToArray(std::uint8_t* to) const {
    *to = 'x';
    throw std::runtime_error("can't encode");
  }
  void Clear() {}
  int where = 0;
};

Task<Status> stubborn_call(std::shared_ptr<Channel> channel, int where) {
  MethodInfo info;
  info.path = "/s/m";
  info.request = info.response = &type_of<Stubborn>;
  Stubborn request;
  request.where = where;
  auto response = co_await codegen::unary_call<Stubborn, Stubborn>(channel, channel->method(info), info, request, {});
  co_return response ? Status() : Status(response.error());
}

TEST(ThrowingCodec, EndsItsCallAndTheConnectionGoesOn) {
  for (const int where : {0, 1}) {
    ChannelTest test;
    RunningCall first = test.connected_call();
    test.peer().answer(1);
    EXPECT_EQ(first.get().status, Status());
    test.peer().calls();
    auto running = test.loop.start(stubborn_call(test.channel, where));
    ASSERT_TRUE(running.done());
    EXPECT_THAT(running.get().to_string(), HasSubstr(where == 0 ? "can't measure" : "can't encode"));
    for (const std::string& line : test.peer().calls())
      EXPECT_TRUE(line.find("DATA") == std::string::npos ||
                  line.find("\\x00\\x00\\x00\\x00\\x00\\x00") != std::string::npos)
          << "what was in memory before must not leave: " << line;
    RunningCall next = test.call();
    test.peer().answer(where == 0 ? 3 : 5);  // what can't be measured opens no stream
    EXPECT_EQ(next.get().status, Status());
  }
}

// -- Dialers ----------------------------------------------------------------------------------------------------------

struct DialerThatThrows final : Dialer {
  explicit DialerThatThrows(bool l) : late(l) {}
  Task<Result<std::unique_ptr<net::ByteStream>>> dial(Loop&, const Endpoint&, Deadline) override {
    if (late) co_await yield();
    throw std::runtime_error("no such network");
  }
  bool late;
};

TEST(ThrowingDialer, IsAFailedAttempt) {
  for (const bool late : {false, true}) {
    pintle::testing::TestLoop loop;
    ChannelOptions options;
    options.authority = "test";
    std::shared_ptr<Channel> channel =
        make_channel({&loop.loop()}, std::make_shared<DialerThatThrows>(late), std::move(options)).value();
    const Outcome outcome = loop.run(bytes_call(channel, "/s/m", Kind::unary, {"hi"}, {}));
    EXPECT_EQ(outcome.status.code(), Code::unavailable);
    EXPECT_THAT(outcome.status.to_string(), HasSubstr("no such network"));
    channel.reset();
    loop.run_until_idle();
  }
}

}  // namespace
}  // namespace pintle::client::test

// The caller's side: four shapes of a call against a chain that the test wrote.
#include <optional>
#include <stdexcept>

#include <gmock/gmock.h>

#include <pintle/rpc/client_calls.hpp>
#include <pintle/rpc/test_support/text.hpp>

namespace pintle {
namespace {

using std::chrono::seconds;
using test::method_of_kind;
using test::Text;
using test::TurnedLoop;
using ::testing::HasSubstr;

using Server = ServerStream<Text>;
using Upload = ClientStream<Text, Text>;
using Chat = BidiStream<Text, Text>;

constexpr MethodInfo kUnary = method_of_kind(Kind::unary), kList = method_of_kind(Kind::server_stream),
                     kJoin = method_of_kind(Kind::client_stream), kChat = method_of_kind(Kind::bidi);

// The chain: what a channel would do with the call.
struct FakeChain final : Handler {
  Task<Status> operator()(LayerCall& call) override {
    ++running;
    struct Leave {
      ~Leave() { --running; }
      int& running;
    } leave{running};
    co_return co_await act(call);
  }
  test::TaskFunction<LayerCall&> act;
  int running = 0;
};

Task<Status> say(Call& call, std::string text) {
  const Text object(std::move(text));
  const Message message(&object, type_of<Text>);
  co_return co_await call.write(message);
}

// Reads until the request ends; the call's status when it is cancelled.
Task<Status> drink(LayerCall& call) {
  for (;;) {
    Result<Message*> m = co_await call.read();
    if (!m) co_return m.error();
    if (*m == nullptr) co_return Status();
  }
}

// Says `texts`, then returns `status`.
test::TaskFunction<LayerCall&> answers(std::vector<std::string> texts, Status status = {}) {
  return [texts, status](LayerCall& call) -> Task<Status> {
    for (const std::string& text : texts)
      if (Status s = co_await say(call, text); !s.ok()) co_return s;
    co_return status;
  };
}

struct Calls : ::testing::Test {
  template <class T>
  std::optional<T> run(Task<T> task) {
    std::optional<T> out;
    start(std::move(task), out);
    return out;
  }
  template <class T>
  void start(Task<T> task, std::optional<T>& out) {
    turned.start(std::move(task), out, &caller);
    turned.settle();
  }
  Task<Result<Text>> get(CallOptions options = {}) {
    const Text request("x");
    co_return co_await codegen::unary_call<Text, Text>(nullptr, chain, kUnary, request, std::move(options));
  }
  Server list(CallOptions options = {}) {
    return Server(detail::StreamingCall::open(chain, kList, nullptr, std::move(options), env()));
  }
  Upload upload() { return Upload(detail::StreamingCall::open(chain, kJoin, nullptr, {}, env())); }
  Chat chat(CallOptions options = {}) {
    return Chat(detail::StreamingCall::open(chain, kChat, nullptr, std::move(options), env()));
  }
  Env env() { return turned.env(&caller); }

  template <class Stream>
  static Task<Result<std::string>> read(Stream& stream) {
    auto got = co_await stream.read();
    if (!got) co_return std::unexpected(got.error());
    co_return *got == nullptr ? std::string("<end>") : (*got)->value;
  }
  template <class Stream>
  static Task<Status> write(Stream& stream, std::string text) {
    co_return co_await stream.write(Text(std::move(text)));
  }

  TurnedLoop turned;
  CancelScope caller;
  FakeChain chain;
};

// -- Unary ------------------------------------------------------------------------------------------------------------

TEST_F(Calls, AUnaryCallSendsItsRequestAndReturnsTheOneResponse) {
  chain.act = [](LayerCall& call) -> Task<Status> {
    Result<Message*> request = co_await call.read();
    EXPECT_EQ((*request)->as<Text>()->value, "x");
    EXPECT_EQ(*co_await call.read(), nullptr);
    co_return co_await say(call, "y");
  };
  EXPECT_EQ(run(get())->value().value, "y");
}

TEST_F(Calls, AUnaryCallHasExactlyOneResponse) {
  chain.act = answers({});
  EXPECT_EQ(run(get())->error().code(), Code::unimplemented);
  chain.act = answers({"one", "two"});
  EXPECT_EQ(run(get())->error().code(), Code::unimplemented);
  chain.act = answers({"bad"});
  EXPECT_EQ(run(get())->error().code(), Code::internal);
  chain.act = answers({"one"}, Status(Code::not_found, "after all"));
  EXPECT_EQ(run(get())->error(), Status(Code::not_found, "after all"));
}

TEST_F(Calls, OptionsReachTheCallAndMetadataComesBack) {
  ResponseMetadata metadata;
  chain.act = [&](LayerCall& call) -> Task<Status> {
    EXPECT_EQ(call.request_metadata.get("key"), "value");
    EXPECT_EQ(call.wait_for_ready, true);
    EXPECT_EQ(call.deadline().at(), turned.clock.at + seconds(3));
    call.response_head.add("from", "head");
    call.response_trailers.add("from", "trailers");
    co_return co_await say(call, "y");
  };
  CallOptions options =
      CallOptions().metadata("key", "value").wait_for_ready().timeout(seconds(3)).response_metadata(metadata);
  EXPECT_TRUE(run(get(options))->has_value());
  EXPECT_EQ(metadata.head.get("from"), "head");
  EXPECT_EQ(metadata.trailers.get("from"), "trailers");

  metadata = {};
  Server stream = list(options);
  EXPECT_EQ(run(stream.finish()), Status());
  EXPECT_EQ(metadata.head.get("from"), "head") << "of a stream too";
  EXPECT_EQ(metadata.trailers.get("from"), "trailers");
}

TEST_F(Calls, TheCallersWordOnCompressionReachesTheCall) {
  std::optional<wire::Encoding> seen;
  chain.act = [&](LayerCall& call) -> Task<Status> {
    seen = call.compression;
    co_return co_await say(call, "y");
  };
  EXPECT_TRUE(run(get())->has_value());
  EXPECT_EQ(seen, std::nullopt) << "the channel decides";
  for (const wire::Encoding encoding : {wire::Encoding::zstd, wire::Encoding::identity}) {
    EXPECT_TRUE(run(get(CallOptions().compression(encoding)))->has_value());
    EXPECT_EQ(seen, encoding);
    EXPECT_EQ(run(list(CallOptions().compression(encoding)).finish()), Status());
    EXPECT_EQ(seen, encoding);
  }
}

TEST_F(Calls, OneMessageMayBeKeptFromCompression) {
  std::vector<bool> compressible;
  chain.act = [&](LayerCall& call) -> Task<Status> {
    for (;;) {
      Result<Message*> m = co_await call.read();
      if (!m) co_return m.error();
      if (*m == nullptr) co_return co_await say(call, "done");
      compressible.push_back((*m)->compressible());
    }
  };
  const auto write_all = [](auto& stream) -> Task<Status> {
    for (const bool allowed : {true, false, true}) {
      const Text text("x");
      WriteOptions options;
      if (!allowed) options.no_compression();
      if (Status s = co_await stream.write(text, options); !s.ok()) co_return s;
    }
    co_return Status();
  };
  Upload up = upload();
  EXPECT_EQ(run(write_all(up)), Status());
  EXPECT_TRUE(run(up.finish())->has_value());
  Chat both = chat();
  EXPECT_EQ(run(write_all(both)), Status());
  EXPECT_EQ(run(both.finish()), Status());
  EXPECT_THAT(compressible, ::testing::ElementsAre(true, false, true, true, false, true));
}

TEST_F(Calls, WhatCameCompressedIsVisibleToTheCaller) {
  chain.act = [](LayerCall& call) -> Task<Status> {
    for (const bool compressed : {true, false}) {
      const Text text("y");
      Message message(&text, type_of<Text>);
      message.set_was_compressed(compressed);
      if (Status s = co_await call.write(message); !s.ok()) co_return s;
      if (call.method().kind == Kind::unary) break;
    }
    co_return Status();
  };
  Server stream = list();
  EXPECT_EQ(run(read(stream))->value(), "y");
  EXPECT_TRUE(stream.call().read_compressed());
  EXPECT_EQ(run(read(stream))->value(), "y");
  EXPECT_FALSE(stream.call().read_compressed());

  ResponseMetadata metadata;
  EXPECT_TRUE(run(get(CallOptions().response_metadata(metadata)))->has_value());
  EXPECT_TRUE(metadata.compressed);
  chain.act = answers({"y"});
  EXPECT_TRUE(run(get(CallOptions().response_metadata(metadata)))->has_value());
  EXPECT_FALSE(metadata.compressed);
}

TEST_F(Calls, ACallInsideACallInheritsItsDeadlineAndItsEnd) {
  Pipe in(nullptr), out(nullptr);
  LayerCall incoming(turned.loop, kUnary, in.source(), out.sink(), nullptr);
  incoming.set_deadline(Deadline(turned.clock.at + seconds(1)));
  chain.act = [&](LayerCall& call) -> Task<Status> {
    EXPECT_EQ(call.deadline(), incoming.deadline()) << "the shorter of the two";
    (void)co_await sleep_for(seconds(100));
    co_return call.scope.status();
  };
  std::optional<Result<Text>> result;
  start(get(CallOptions().timeout(seconds(50)).parent(incoming)), result);
  incoming.scope.cancel(Status(Code::cancelled, "the client left"));
  turned.settle();
  EXPECT_EQ(result->error(), Status(Code::cancelled, "the client left"));
}

TEST_F(Calls, ATimeoutEndsTheCall) {
  chain.act = drink;
  Chat stream = chat(CallOptions().timeout(seconds(2)));
  std::optional<Result<std::string>> got;
  start(read(stream), got);
  turned.pass(seconds(1));
  EXPECT_FALSE(got);
  turned.pass(seconds(1));
  EXPECT_EQ(got->error().code(), Code::deadline_exceeded);
}

// -- Streams ----------------------------------------------------------------------------------------------------------

TEST_F(Calls, AServerStreamGivesItsMessagesThenItsEnd) {
  chain.act = answers({"a", "b"});
  Server stream = list();
  EXPECT_EQ(run(read(stream))->value(), "a");
  EXPECT_EQ(run(read(stream))->value(), "b");
  EXPECT_EQ(run(read(stream))->value(), "<end>");
  EXPECT_EQ(run(stream.finish()), Status());
}

TEST_F(Calls, AnErrorComesAfterTheMessagesBeforeIt) {
  chain.act = answers({"a"}, Status(Code::data_loss, "gone"));
  Server stream = list();
  EXPECT_EQ(run(read(stream))->value(), "a");
  EXPECT_EQ(run(read(stream))->error(), Status(Code::data_loss, "gone"));
}

TEST_F(Calls, AMessageThatCanNotBeParsedIsInternal) {
  chain.act = answers({"bad"});
  Server stream = list();
  EXPECT_EQ(run(read(stream))->error().code(), Code::internal);
}

TEST_F(Calls, TheServerWaitsForASlowReader) {
  int said = 0;
  chain.act = [&](LayerCall& call) -> Task<Status> {
    for (; said < 100; ++said)
      if (Status s = co_await say(call, std::string(10'000, 'x')); !s.ok()) co_return s;
    co_return Status();
  };
  Server stream = list();
  turned.settle();
  EXPECT_LT(said, 20);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(run(read(stream))->value().size(), 10'000u);
  EXPECT_EQ(run(read(stream))->value(), "<end>");
}

TEST_F(Calls, LettingGoOfAStreamCancelsTheCall) {
  chain.act = drink;
  {
    Chat stream = chat();
    EXPECT_EQ(chain.running, 1);
  }
  turned.settle();
  EXPECT_EQ(chain.running, 0);
}

// The chain may need time to clean up: it goes on in an environment that outlives its caller's.
TEST_F(Calls, AChainThatEndsLateOutlivesItsCaller) {
  bool told = false;
  auto* metadata = new ResponseMetadata;
  chain.act = [&](LayerCall& call) -> Task<Status> {
    (void)co_await call.read();
    told = call.cancelled();
    CancelScope shield;
    co_await pintle::yield();
    EXPECT_EQ(call.parent, nullptr) << "it is gone";
    co_return call.scope.status();
  };
  {
    Pipe in(nullptr), out(nullptr);
    CancelScope scope;
    LayerCall incoming(turned.loop, kUnary, in.source(), out.sink(), &scope);
    Chat stream(detail::StreamingCall::open(
        chain, kChat, nullptr, CallOptions().parent(incoming).response_metadata(*metadata), turned.env(&scope)));
  }
  delete metadata;
  turned.settle();
  EXPECT_TRUE(told);
  EXPECT_EQ(chain.running, 0);
}

TEST_F(Calls, ACancelledCallerIsNotKeptWaiting) {
  chain.act = [](LayerCall&) -> Task<Status> {
    (void)co_await sleep_for(seconds(1));
    co_return Status(Code::cancelled, "late");
  };
  Chat stream = chat();
  std::optional<Result<std::string>> got;
  start(read(stream), got);
  caller.cancel(Status(Code::cancelled, "the caller has no time"));
  turned.settle();
  EXPECT_EQ(got->error(), Status(Code::cancelled, "the caller has no time"));
  EXPECT_TRUE(stream.call().cancelled());
}

TEST_F(Calls, CancelSaysCancelledEverywhere) {
  chain.act = drink;
  Chat stream = chat();
  std::optional<Result<std::string>> got;
  start(read(stream), got);
  stream.cancel();
  turned.settle();
  EXPECT_EQ(got->error().code(), Code::cancelled);
  EXPECT_EQ(run(stream.finish())->code(), Code::cancelled);
  EXPECT_EQ(run(write(stream, "late"))->code(), Code::unavailable);
}

TEST_F(Calls, AClientStreamEndsWithItsOneResponse) {
  chain.act = [](LayerCall& call) -> Task<Status> {
    std::string all;
    for (;;) {
      Result<Message*> m = co_await call.read();
      if (!m) co_return m.error();
      if (*m == nullptr) break;
      all += (*m)->as<Text>()->value;
    }
    co_return co_await say(call, all);
  };
  Upload stream = upload();
  EXPECT_EQ(run(write(stream, "a")), Status());
  EXPECT_EQ(run(write(stream, "b")), Status());
  EXPECT_EQ(run(stream.finish())->value().value, "ab");
}

TEST_F(Calls, AClientStreamHasExactlyOneResponse) {
  for (const std::vector<std::string>& texts : {std::vector<std::string>{}, {"one", "two"}}) {
    chain.act = answers(texts);
    Upload stream = upload();
    const auto result = run(stream.finish());
    EXPECT_EQ(result->error().code(), Code::unimplemented);
    EXPECT_EQ(result->error().origin(), Origin::library);
  }
}

TEST_F(Calls, AWriterLearnsThatTheCallHasEndedAndFinishSaysWhy) {
  chain.act = answers({}, Status(Code::permission_denied, "no"));
  Upload stream = upload();
  EXPECT_EQ(run(write(stream, "a"))->code(), Code::unavailable);
  EXPECT_EQ(run(stream.finish())->error(), Status(Code::permission_denied, "no"));
}

TEST_F(Calls, AWriterThatWaitsLearnsItToo) {
  bool refuse = false;
  chain.act = [&](LayerCall&) -> Task<Status> {
    while (!refuse) (void)co_await sleep_for(seconds(1));
    co_return Status(Code::permission_denied, "no");
  };
  Upload stream = upload();
  std::optional<Status> written;
  start(write(stream, std::string(100'000, 'x')), written);
  EXPECT_FALSE(written);
  refuse = true;
  turned.pass(seconds(1));
  EXPECT_EQ(written->code(), Code::unavailable);
}

TEST_F(Calls, ABidiStreamIsReadAndWrittenInTurn) {
  chain.act = [](LayerCall& call) -> Task<Status> {
    for (;;) {
      Result<Message*> m = co_await call.read();
      if (!m) co_return m.error();
      if (*m == nullptr) co_return Status();
      if (Status s = co_await call.write(**m); !s.ok()) co_return s;
    }
  };
  Chat stream = chat();
  for (std::string text : {"a", "b", "c"}) {
    EXPECT_EQ(run(write(stream, text)), Status());
    EXPECT_EQ(run(read(stream))->value(), text);
  }
  stream.close_writing();
  EXPECT_EQ(run(read(stream))->value(), "<end>");
}

TEST_F(Calls, FinishDropsWhatWasNotReadAndWaitsForTheChain) {
  chain.act = [](LayerCall& call) -> Task<Status> {
    for (int i = 0; i < 100; ++i)
      if (Status s = co_await say(call, std::string(10'000, 'x')); !s.ok()) co_return s;
    (void)co_await sleep_for(seconds(1));
    co_return Status(Code::out_of_range, "over");
  };
  Chat stream = chat();
  std::optional<Status> status;
  start(stream.finish(), status);
  EXPECT_FALSE(status);
  turned.pass(seconds(1));
  EXPECT_EQ(status->code(), Code::out_of_range);
}

// Whoever waits in finish() may go away with its frame; the chain's return then wakes nobody.
TEST_F(Calls, AFinishThatWasDroppedIsNotWoken) {
  chain.act = [](LayerCall&) -> Task<Status> {
    (void)co_await sleep_for(seconds(1));
    co_return Status();
  };
  Chat stream = chat();
  struct Dropped {
    struct promise_type {
      Env env;
      Dropped get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
      std::suspend_always initial_suspend() noexcept { return {}; }
      std::suspend_always final_suspend() noexcept { return {}; }
      void return_void() noexcept {}
      void unhandled_exception() noexcept { std::terminate(); }
    };
    std::coroutine_handle<promise_type> handle;
  };
  auto waiting = [](Chat& s) -> Dropped { (void)co_await s.finish(); };
  Dropped dropped = waiting(stream);
  dropped.handle.promise().env = env();
  dropped.handle.resume();
  turned.settle();
  dropped.handle.destroy();
  turned.pass(seconds(2));
  EXPECT_EQ(chain.running, 0);
}

TEST_F(Calls, AnExceptionOfALayerIsUnknown) {
  chain.act = [](LayerCall&) -> Task<Status> {
    throw std::runtime_error("broken layer");
    co_return Status();
  };
  Server stream = list();
  const auto status = run(stream.finish());
  EXPECT_EQ(status->code(), Code::unknown);
  EXPECT_THAT(std::string(status->message()), HasSubstr("broken layer"));
}

TEST_F(Calls, AStreamMayBeMoved) {
  chain.act = answers({"a"});
  Server first = list();
  Server second = std::move(first);
  EXPECT_EQ(run(read(second))->value(), "a");
}

}  // namespace
}  // namespace pintle

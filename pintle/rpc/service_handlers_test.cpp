// What stands between the wire and a service's member functions, in the four shapes.
#include <pintle/rpc/service_handlers.hpp>

#include <optional>
#include <stdexcept>

#include <gmock/gmock.h>

#include <pintle/rpc/test_support/text.hpp>

namespace pintle {
namespace {

using test::method_of_kind;
using test::push;
using test::take;
using test::Text;
using test::TurnedLoop;
using ::testing::HasSubstr;

// As the plugin writes it; the bodies are the tests'.
struct Texts {
  Task<Result<Text>> get(Call&, const Text& request) {
    if (request.value == "throw") throw std::runtime_error("the handler broke");
    if (request.value == "none") co_return not_found("no such text");
    co_return Text("got " + request.value);
  }
  [[clang::coro_wrapper]] Task<Status> get_into(Call& call, const Text& request, Text& response) {
    return into ? into(call, request, response) : Task<Status>::none();
  }
  Task<Status> list(Call&, const Text& request, Writer<Text>& writer) {
    if (request.value == "page") {
      Text page(std::string(100'000, 'p'));
      given = &page;
      co_return co_await writer.write(std::move(page));
    }
    if (request.value == "secret") co_return co_await writer.write(request, WriteOptions().no_compression());
    for (int i = 0; i < 3; ++i)
      if (Status s = co_await writer.write(Text(request.value + std::to_string(i))); !s.ok()) co_return s;
    co_return Status();
  }
  Task<Result<Text>> join(Call&, Reader<Text>& reader) {
    Text all;
    for (;;) {
      Result<const Text*> one = co_await reader.read();
      if (!one) co_return std::unexpected(one.error());
      if (*one == nullptr) co_return all;
      all.value += (*one)->value;
    }
  }
  Task<Status> echo(Call& call, Reader<Text>& reader, Writer<Text>& writer) {
    for (;;) {
      Result<const Text*> one = co_await reader.read();
      if (!one) co_return one.error();
      if (*one == nullptr) co_return Status();
      came_compressed.push_back(call.read_compressed());
      if (Status s = co_await writer.write(**one); !s.ok()) co_return s;
    }
  }
  test::TaskFunction<Call&, const Text&, Text&> into;
  std::vector<bool> came_compressed;  // of each request of echo
  const Text* given = nullptr;        // what list hands over
};

Task<Status> fill(Call&, const Text& request, Text& response) {
  EXPECT_EQ(response.value, "") << "a pooled response comes cleared";
  response.value = "filled " + request.value;
  co_return Status();
}

struct Handlers : ::testing::Test {
  // Runs the handler with these requests and then their end.
  Status run(Handler& handler, std::initializer_list<std::string_view> requests, Kind kind = Kind::unary) {
    method = method_of_kind(kind);
    call.emplace(turned.loop, method, in.emplace(&type_of<Text>).source(), out.emplace(&type_of<Text>).sink(), nullptr);
    call->reply = reply;
    for (std::string_view text : requests) push(in->sink(), text);
    in->close();
    status.reset();
    turned.start(handler(*call), status);
    turned.settle();
    out->close();
    return status.value_or(Status(Code::unknown, "it never returned"));
  }
  ~Handlers() override {
    if (pooled != nullptr) type_of<Text>.drop(pooled);
  }
  TurnedLoop turned;
  Texts service;
  MethodInfo method;
  std::optional<Pipe> in, out;
  std::optional<LayerCall> call;
  std::optional<Status> status;  // of the last call, once it has returned
  void* pooled = nullptr;
  void** reply = nullptr;
  std::unique_ptr<Handler> get = codegen::unary<&Texts::get, &Texts::get_into>(service);
  std::unique_ptr<Handler> list = codegen::server_streaming<&Texts::list>(service);
  std::unique_ptr<Handler> join = codegen::client_streaming<&Texts::join>(service);
  std::unique_ptr<Handler> echo = codegen::bidi<&Texts::echo>(service);
};

TEST_F(Handlers, AUnaryMethodAnswersItsOneRequest) {
  EXPECT_TRUE(run(*get, {"x"}).ok());
  EXPECT_EQ(take(out->source()), "got x");
  EXPECT_EQ(take(out->source()), "<end>");
}

TEST_F(Handlers, AnErrorIsTheStatusAndNoMessage) {
  EXPECT_EQ(run(*get, {"none"}), Status(Code::not_found, "no such text"));
  EXPECT_EQ(take(out->source()), "<end>");
}

// Its peer may take hours.
TEST_F(Handlers, AResponseThatNobodyHasRoomForHoldsNoHandler) {
  reply = &pooled;
  const std::string large(100'000, 'x');
  EXPECT_TRUE(run(*get, {large}).ok());
  EXPECT_EQ(out->sink().room(), Poll::pending) << "or it shows nothing";
  EXPECT_TRUE(run(*join, {large, large}, Kind::client_stream).ok());
  EXPECT_EQ(out->sink().room(), Poll::pending);
  service.into = [](Call&, const Text& request, Text& response) -> Task<Status> {
    response.value = request.value;
    co_return Status();
  };
  get = codegen::unary<&Texts::get, &Texts::get_into>(service);
  EXPECT_TRUE(run(*get, {large}).ok());
  EXPECT_EQ(out->sink().room(), Poll::pending);
  out->abandon();
  EXPECT_EQ(take(out->source()), large);
}

TEST_F(Handlers, AMessageThatIsHandedOverIsGoneBeforeTheWaitForRoom) {
  EXPECT_EQ(run(*list, {"page"}).code(), Code::unknown) << "it waits";
  ASSERT_NE(service.given, nullptr);
  EXPECT_EQ(service.given->value.capacity(), std::string().capacity());
  EXPECT_EQ(take(out->source()).size(), 100'000u);
  turned.settle();
  EXPECT_TRUE(status && status->ok());
}

TEST_F(Handlers, NoneOrTwoRequestsWhereOneIsDueAreUnimplemented) {
  for (Handler* handler : {get.get(), list.get()}) {
    EXPECT_EQ(run(*handler, {}).code(), Code::unimplemented);
    EXPECT_EQ(run(*handler, {"x", "y"}).code(), Code::unimplemented);
    EXPECT_EQ(take(out->source()), "<end>") << "the method must not have run";
  }
}

TEST_F(Handlers, BytesThatAreNoRequestAreInternalAndNameTheType) {
  for (Handler* handler : {get.get(), list.get(), join.get(), echo.get()}) {
    const Status status = run(*handler, {"bad"});
    EXPECT_EQ(status.code(), Code::internal);
    EXPECT_THAT(std::string(status.message()), HasSubstr("test.Text"));
  }
}

TEST_F(Handlers, TheFillingFormIsUsedWhereItIsOverriddenAndAResponseIsPooled) {
  reply = &pooled;
  EXPECT_TRUE(run(*get, {"x"}).ok());
  EXPECT_EQ(take(out->source()), "got x") << "not overridden";

  service.into = fill;
  get = codegen::unary<&Texts::get, &Texts::get_into>(service);
  EXPECT_TRUE(run(*get, {"x"}).ok());
  EXPECT_EQ(take(out->source()), "filled x");
  const void* first = pooled;
  EXPECT_TRUE(run(*get, {"y"}).ok());
  EXPECT_EQ(take(out->source()), "filled y");
  EXPECT_EQ(pooled, first) << "one object serves call after call";

  service.into = [](Call&, const Text&, Text&) -> Task<Status> { co_return aborted("no"); };
  EXPECT_EQ(run(*get, {"x"}).code(), Code::aborted);
  EXPECT_EQ(take(out->source()), "<end>");
}

TEST_F(Handlers, AnExceptionGoesThroughToWhoeverRunsTheChain) {
  bool caught = false;
  auto guarded = [&](LayerCall& c) -> Task<Status> {
    try {
      co_return co_await (*get)(c);
    } catch (const std::runtime_error& e) {
      caught = std::string_view(e.what()) == "the handler broke";
    }
    co_return Status(Code::unknown, "caught");
  };
  method = method_of_kind(Kind::unary);
  Pipe up(&type_of<Text>), down(&type_of<Text>);
  LayerCall c(turned.loop, method, up.source(), down.sink(), nullptr);
  push(up.sink(), "throw");
  up.close();
  std::optional<Status> status;
  turned.start(guarded(c), status);
  EXPECT_TRUE(caught);
}

TEST_F(Handlers, StreamsGoDownUpAndBothWays) {
  EXPECT_TRUE(run(*list, {"a"}, Kind::server_stream).ok());
  EXPECT_EQ(take(out->source()), "a0");
  EXPECT_EQ(take(out->source()), "a1");
  EXPECT_EQ(take(out->source()), "a2");
  EXPECT_EQ(take(out->source()), "<end>");

  EXPECT_TRUE(run(*join, {"a", "b", "c"}, Kind::client_stream).ok());
  EXPECT_EQ(take(out->source()), "abc");
  EXPECT_TRUE(run(*join, {}, Kind::client_stream).ok()) << "no request at all is a stream too";

  EXPECT_TRUE(run(*echo, {"a", "b"}, Kind::bidi).ok());
  EXPECT_EQ(take(out->source()), "a");
  EXPECT_EQ(take(out->source()), "b");
}

TEST_F(Handlers, TheCallSaysWhetherItsLastRequestCameCompressed) {
  const auto ask = [this](Handler& handler, Kind kind, std::initializer_list<bool> compressed) {
    method = method_of_kind(kind);
    call.emplace(turned.loop, method, in.emplace(&type_of<Text>).source(), out.emplace(&type_of<Text>).sink(), nullptr);
    for (const bool each : compressed) {
      Message message(test::bytes_of("x"), nullptr, nullptr);
      message.set_was_compressed(each);
      in->sink().push(message);
    }
    in->close();
    std::optional<Status> status;
    turned.start(handler(*call), status);
    turned.settle();
    EXPECT_EQ(status, Status());
    return call->read_compressed();
  };
  for (const bool compressed : {true, false}) {
    EXPECT_EQ(ask(*get, Kind::unary, {compressed}), compressed);
    EXPECT_EQ(ask(*list, Kind::server_stream, {compressed}), compressed);
    EXPECT_EQ(ask(*join, Kind::client_stream, {!compressed, compressed}), compressed);
  }
  ask(*echo, Kind::bidi, {true, false, true});
  EXPECT_THAT(service.came_compressed, ::testing::ElementsAre(true, false, true));
}

TEST_F(Handlers, AWriterMayForbidTheCompressionOfOneMessage) {
  const auto compressible = [this] {
    Message* message = nullptr;
    EXPECT_EQ(out->source().poll(message), Poll::ready);
    return message->compressible();
  };
  EXPECT_TRUE(run(*list, {"a"}, Kind::server_stream).ok());
  EXPECT_TRUE(compressible());
  EXPECT_TRUE(run(*list, {"secret"}, Kind::server_stream).ok());
  EXPECT_FALSE(compressible());
}

TEST_F(Handlers, AMethodThatNobodyWroteSaysItsName) {
  (void)run(*get, {"x"});
  const Status status = codegen::unimplemented_method(*call);
  EXPECT_EQ(status.code(), Code::unimplemented);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/test.Texts/Do"));
}

}  // namespace
}  // namespace pintle

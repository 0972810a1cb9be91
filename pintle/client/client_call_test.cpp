// One call, as it looks on the wire and as its caller sees its end.
#include <gmock/gmock.h>

#include <pintle/client/test_support/frame_server.hpp>
#include <pintle/rpc/inspect.hpp>

namespace pintle::client::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using std::chrono::milliseconds;
using std::chrono::seconds;

class ClientCalls : public ::testing::Test, public ChannelTest {};

TEST_F(ClientCalls, AUnaryCallIsAHeadAndOneFrame) {
  RunningCall call = connected_call("/s/m", CallOptions().metadata("x-a", "1").metadata("raw-bin", "\xff"));
  EXPECT_THAT(peer().calls(),
              ElementsAre("HEADERS 1 END_HEADERS :method=POST :scheme=http :path=/s/m :authority=test te=trailers "
                          "content-type=application/grpc grpc-accept-encoding=identity,gzip,deflate,zstd "
                          "user-agent=pintle/0.1.0 grpc-timeout=30000000u x-a=1 raw-bin=/w",
                          "DATA 1 END_STREAM \"\\x00\\x00\\x00\\x00\\x02hi\""));
  EXPECT_FALSE(call.done());
  peer().send(Peer::head(1, {{"x-head", "2"}}) + wire::data(1, message("there")) +
              Peer::trailers(1, {{"grpc-status", "0"}, {"x-trailer", "3"}}));
  ASSERT_TRUE(call.done());
  const Outcome outcome = call.get();
  EXPECT_EQ(outcome.status, Status());
  EXPECT_THAT(outcome.responses, ElementsAre("there"));
  EXPECT_EQ(outcome.head.get("x-head"), "2");
  EXPECT_EQ(outcome.trailers.get("x-trailer"), "3");
}

TEST_F(ClientCalls, ARequestStreamEndsWithAnEmptyFrame) {
  RunningCall call = connected_call("/s/m", {}, Kind::bidi, {"a", "b"});
  EXPECT_THAT(peer().calls(), ElementsAre(AllOf(StartsWith("HEADERS 1"), Not(HasSubstr("grpc-timeout"))),
                                          HasSubstr("\\x01a"), HasSubstr("\\x01b"), "DATA 1 END_STREAM \"\""));
  peer().answer(1);
  EXPECT_EQ(call.get().status, Status());
}

TEST_F(ClientCalls, TheUserAgentOfTheOptionsStandsBeforeOurs) {
  ChannelOptions options;
  options.user_agent = "shop/7";
  ChannelTest test(options);
  test.connected_call();
  EXPECT_THAT(test.peer().calls(), Contains(HasSubstr("user-agent=shop/7 pintle/0.1.0")));
}

TEST_F(ClientCalls, OnlyUnaryCallsHaveADefaultTimeout) {
  RunningCall unary = connected_call("/s/unary");
  RunningCall stream = call("/s/stream", {}, Kind::server_stream);
  EXPECT_THAT(peer().calls(), Contains(AllOf(HasSubstr("/s/stream"), Not(HasSubstr("grpc-timeout")))));
  loop.advance(seconds(30));
  ASSERT_TRUE(unary.done());
  EXPECT_EQ(unary.get().status.code(), Code::deadline_exceeded);
  loop.advance(std::chrono::hours(1));
  EXPECT_FALSE(stream.done());
}

TEST(ClientMethods, PathsAboveTheirNumberShareAChainAndTravelAsTheyAre) {
  ChannelOptions options;
  options.max_methods = 2;
  ChannelTest test(options);
  RunningCall first = test.connected_call("/s/0");
  test.peer().answer(1);
  EXPECT_EQ(first.get().status, Status());
  for (std::uint32_t i = 1; i <= 9; ++i) {
    RunningCall call = test.call("/s/" + std::to_string(i));
    EXPECT_THAT(test.peer().calls(), Contains(HasSubstr(":path=/s/" + std::to_string(i))));
    test.peer().answer(1 + 2 * i);
    EXPECT_EQ(call.get().status, Status());
  }
  EXPECT_EQ(test.loop.run(test.channel->inspect()).value().methods, 2u);
}

TEST_F(ClientCalls, ADeadlineOfTheCallersReplacesTheDefault) {
  RunningCall call = connected_call("/s/m", CallOptions().timeout(seconds(60)));
  EXPECT_THAT(peer().calls(), Contains(HasSubstr("grpc-timeout=60000000u")));
  loop.advance(seconds(59));
  EXPECT_FALSE(call.done());
}

TEST_F(ClientCalls, AtItsDeadlineTheCallEndsHereAndTheServerIsTold) {
  RunningCall call = connected_call("/s/m", CallOptions().timeout(milliseconds(100)));
  peer().calls();
  loop.advance(milliseconds(100));
  ASSERT_TRUE(call.done());
  EXPECT_THAT(peer().calls(), ElementsAre("RST_STREAM 1 CANCEL"));
  // What the server says about it afterwards is not used.
  peer().send(Peer::head(1) + Peer::trailers(1, {{"grpc-status", "1"}, {"x-late", "1"}}));
  const Outcome outcome = call.get();
  EXPECT_EQ(outcome.status.code(), Code::deadline_exceeded);
  EXPECT_EQ(outcome.status.origin(), Origin::library);
  EXPECT_TRUE(outcome.trailers.empty());
}

TEST_F(ClientCalls, TheTimeSpentWaitingForAConnectionIsTakenOff) {
  RunningCall call = this->call("/s/m", CallOptions().timeout(seconds(5)));
  loop.advance(seconds(2));
  peer().settle();
  EXPECT_THAT(peer().calls(), Contains(HasSubstr("grpc-timeout=3000000u")));
}

TEST_F(ClientCalls, ACallerThatCancelsResetsTheStream) {
  RunningCall call = connected_call();
  peer().calls();
  call.cancel();
  loop.run_until_idle();
  ASSERT_TRUE(call.done());
  EXPECT_EQ(call.get().status.code(), Code::cancelled);
  EXPECT_THAT(peer().calls(), ElementsAre("RST_STREAM 1 CANCEL"));
}

TEST_F(ClientCalls, MetadataThatCannotBeSentNameTheirKeyAndNothingIsDialled) {
  for (const char* key : {"Upper", "spa ce", "grpc-timeout", ":path", "", "connection", "host", "content-length", "te",
                          "transfer-encoding", "upgrade", "keep-alive", "proxy-connection"}) {
    RunningCall call = this->call("/s/m", CallOptions().metadata(key, "v"));
    ASSERT_TRUE(call.done()) << key;
    const Status status = call.get().status;
    EXPECT_EQ(status.code(), Code::internal) << key;
    EXPECT_THAT(std::string(status.message()), HasSubstr(std::string("'") + key + "'"));
  }
  RunningCall value = call("/s/m", CallOptions().metadata("x-a", "line\nbreak"));
  EXPECT_THAT(std::string(value.get().status.message()), AllOf(HasSubstr("'x-a'"), Not(HasSubstr("break"))));
  EXPECT_EQ(dials(), 0u);
}

// gRFC A6.
TEST_F(ClientCalls, WhatRetriesTellEachOtherPasses) {
  RunningCall call = connected_call("/s/m", CallOptions().metadata("grpc-previous-rpc-attempts", "2"));
  EXPECT_THAT(peer().calls(), Contains(HasSubstr("grpc-previous-rpc-attempts=2")));
  peer().send(Peer::trailers(1, {{":status", "200"},
                                 {"content-type", "application/grpc"},
                                 {"grpc-status", "14"},
                                 {"grpc-retry-pushback-ms", "250"},
                                 {"grpc-other", "x"}}));
  const Outcome outcome = call.get();
  EXPECT_EQ(outcome.trailers.get("grpc-retry-pushback-ms"), "250") << "Trailers-Only";
  EXPECT_FALSE(outcome.trailers.get("grpc-other")) << "the others stay gRPC's own";

  RunningCall other = this->call();
  peer().send(Peer::head(3) + Peer::trailers(3, {{"grpc-status", "14"}, {"grpc-retry-pushback-ms", "-1"}}));
  EXPECT_EQ(other.get().trailers.get("grpc-retry-pushback-ms"), "-1");
}

// A proxy hands on what came to it.
TEST_F(ClientCalls, ThereIsOneUserAgentAndItIsTheChannels) {
  RunningCall call = connected_call("/s/m", CallOptions().metadata("user-agent", "somebody/1").metadata("x-a", "1"));
  EXPECT_THAT(peer().calls(),
              Contains(AllOf(HasSubstr("user-agent=pintle"), HasSubstr("x-a=1"), Not(HasSubstr("somebody")))));
}

TEST_F(ClientCalls, ARefusedStreamWasNotProcessed) {
  RunningCall call = connected_call();
  peer().send(wire::rst(1, http2::ErrorCode::refused_stream));
  Outcome outcome = call.get();
  EXPECT_EQ(outcome.status.code(), Code::unavailable);
  EXPECT_TRUE(outcome.left_client);
  EXPECT_FALSE(outcome.processed);

  RunningCall other = this->call();
  peer().send(wire::rst(3, http2::ErrorCode::cancel));
  outcome = other.get();
  EXPECT_EQ(outcome.status.code(), Code::cancelled);
  EXPECT_TRUE(outcome.processed);
}

TEST_F(ClientCalls, ALostConnectionIsUnavailable) {
  RunningCall call = connected_call();
  peer().send(Peer::head(1));
  peer().hang_up();
  EXPECT_EQ(call.get().status.code(), Code::unavailable);
}

// Not INTERNAL for the message that is broken off: a retry may help.
TEST_F(ClientCalls, AConnectionLostInsideAMessageIsUnavailable) {
  RunningCall call = connected_call("/s/m", {}, Kind::server_stream);
  peer().send(Peer::head(1) + wire::data(1, message("whole") + message("torn").substr(0, 6)));
  peer().hang_up();
  const Outcome outcome = call.get();
  EXPECT_EQ(outcome.status.code(), Code::unavailable);
  EXPECT_THAT(outcome.responses, ElementsAre("whole"));
}

TEST_F(ClientCalls, AResetInsideAMessageIsMappedLikeAnyOther) {
  RunningCall call = connected_call();
  peer().send(Peer::head(1) + wire::data(1, message("torn").substr(0, 6)) + wire::rst(1, http2::ErrorCode::cancel));
  EXPECT_EQ(call.get().status.code(), Code::cancelled);

  RunningCall other = this->call();
  peer().send(Peer::head(3) + wire::data(3, message("torn").substr(0, 6)) + wire::rst(3, http2::ErrorCode::no_error));
  EXPECT_THAT(other.get().status.to_string(), HasSubstr("the server reset the stream: NO_ERROR"));
}

TEST_F(ClientCalls, AnEndInsideAMessageIsInternal) {
  RunningCall call = connected_call();
  peer().send(Peer::head(1) + wire::data(1, message("torn").substr(0, 6)) + Peer::trailers(1, {{"grpc-status", "0"}}));
  EXPECT_EQ(call.get().status.code(), Code::internal);
}

TEST_F(ClientCalls, AResponseMayComeInTinyPiecesWithMuchPadding) {
  const std::string text(100'000, 'x');
  const std::string bytes = message(text);
  RunningCall call = connected_call();
  peer().send(Peer::head(1));
  for (std::size_t at = 0; at < bytes.size(); at += 5) peer().send(wire::data(1, bytes.substr(at, 5)).padded(255));
  peer().send(Peer::trailers(1, {{"grpc-status", "0"}}));
  const Outcome outcome = call.get();
  EXPECT_EQ(outcome.status, Status());
  EXPECT_THAT(outcome.responses, ElementsAre(text));
}

TEST_F(ClientCalls, AnAnswerThatIsNotGrpcEndsTheStreamAtOnce) {
  RunningCall call = connected_call();
  peer().calls();
  peer().send(wire::headers(1, {{":status", "503"}, {"content-type", "text/html"}}) + wire::data(1, "<html>"));
  ASSERT_TRUE(call.done());
  EXPECT_EQ(call.get().status.code(), Code::unavailable);
  EXPECT_THAT(peer().calls(), ElementsAre("RST_STREAM 1 CANCEL"));
}

TEST_F(ClientCalls, InformationalHeadsAreSkipped) {
  RunningCall call = connected_call();
  peer().send(wire::headers(1, {{":status", "103"}}));
  EXPECT_FALSE(call.done());
  peer().answer(1);
  EXPECT_EQ(call.get().status, Status());
}

TEST_F(ClientCalls, MessagesMayArriveByteByByteAndSeveralInAFrame) {
  RunningCall call = connected_call("/s/m", {}, Kind::server_stream);
  peer().send(Peer::head(1));
  for (char byte : message("slow")) peer().send(wire::data(1, std::string(1, byte)));
  peer().send(wire::data(1, message("a") + message("") + message("b")));
  peer().send(Peer::trailers(1, {{"grpc-status", "0"}}));
  EXPECT_THAT(call.get().responses, ElementsAre("slow", "a", "", "b"));
}

TEST_F(ClientCalls, AMessageAboveTheLimitIsResourceExhausted) {
  ChannelOptions options;
  options.max_receive_message = 4;
  ChannelTest test(options);
  RunningCall call = test.connected_call();
  test.peer().calls();
  test.peer().send(Peer::head(1) + wire::data(1, message("12345").substr(0, 5)));
  ASSERT_TRUE(call.done());
  EXPECT_EQ(call.get().status.code(), Code::resource_exhausted);
  EXPECT_THAT(test.peer().calls(), ElementsAre("RST_STREAM 1 CANCEL"));
}

TEST_F(ClientCalls, ACompressedMessageThatNobodyAnnouncedIsInternal) {
  RunningCall call = connected_call();
  std::string compressed = message("x");
  compressed[0] = 1;
  peer().send(Peer::head(1) + wire::data(1, compressed));
  EXPECT_EQ(call.get().status.code(), Code::internal);
}

// A message with its prefix that says that it is compressed.
std::string packed(pintle::wire::Encoding encoding, std::string_view text) {
  pintle::wire::Codec codec;
  const auto bytes = codec.compress(encoding, wire::as_bytes(text));
  std::string out = message(std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size()));
  out[0] = 1;
  return out;
}

TEST_F(ClientCalls, ResponsesMayComeCompressed) {
  const std::string text(200, 'x');
  std::uint32_t id = 1;
  for (const char* name : {"gzip", "deflate", "zstd"}) {
    RunningCall call = connected_call("/s/m", {}, Kind::server_stream);
    peer().send(Peer::head(id, {{"grpc-encoding", name}}) +
                wire::data(id, packed(*pintle::wire::parse_encoding(name), text) + message("plain")) +
                Peer::trailers(id, {{"grpc-status", "0"}}));
    const Outcome outcome = call.get();
    EXPECT_EQ(outcome.status, Status()) << name;
    EXPECT_THAT(outcome.responses, ElementsAre(text, "plain")) << name;
    id += 2;
  }
}

TEST_F(ClientCalls, AResponseWithAnEncodingThatWasNotOfferedEndsTheStreamAtOnce) {
  RunningCall call = connected_call();
  peer().calls();
  peer().send(Peer::head(1, {{"grpc-encoding", "br"}}));
  ASSERT_TRUE(call.done());
  EXPECT_EQ(call.get().status.code(), Code::internal);
  EXPECT_THAT(peer().calls(), ElementsAre("RST_STREAM 1 CANCEL"));
}

TEST_F(ClientCalls, ACompressedResponseThatIsBrokenOrTooLargeEndsTheCall) {
  ChannelOptions options;
  options.max_receive_message = 1000;
  ChannelTest test(options);
  using pintle::wire::Encoding;
  std::string broken = packed(Encoding::gzip, std::string(200, 'x'));
  broken.back() ^= 0x55;
  std::uint32_t id = 1;
  for (const auto& [body, code] : {std::pair{broken, Code::internal},
                                   {packed(Encoding::gzip, std::string(1001, 'x')), Code::resource_exhausted}}) {
    RunningCall call = test.connected_call();
    test.peer().calls();
    test.peer().send(Peer::head(id, {{"grpc-encoding", "gzip"}}) + wire::data(id, body));
    ASSERT_TRUE(call.done());
    EXPECT_EQ(call.get().status.code(), code);
    EXPECT_THAT(test.peer().calls(), ElementsAre(HasSubstr("CANCEL")));
    id += 2;
  }
}

TEST_F(ClientCalls, RequestsAreCompressedAsTheCallSaysOrElseTheChannel) {
  using pintle::wire::Encoding;
  const std::string text(200, 'x');
  const auto compressed = [](const char* name) {
    return ElementsAre(HasSubstr(std::string(" grpc-encoding=") + name), StartsWith("DATA 1 END_STREAM \"\\x01"));
  };
  const auto plain = ElementsAre(Not(HasSubstr(" grpc-encoding")), "DATA 1 END_STREAM 205 bytes");
  for (const Encoding of_channel : {Encoding::identity, Encoding::zstd}) {
    ChannelOptions options;
    options.compression = of_channel;
    const auto sent = [&](CallOptions call_options) {
      ChannelTest test(options);
      RunningCall call = test.connected_call("/s/m", std::move(call_options), Kind::unary, {text});
      return test.peer().calls();
    };
    if (of_channel == Encoding::identity)
      EXPECT_THAT(sent({}), plain);
    else
      EXPECT_THAT(sent({}), compressed("zstd"));
    EXPECT_THAT(sent(CallOptions().compression(Encoding::gzip)), compressed("gzip"));
    EXPECT_THAT(sent(CallOptions().compression(Encoding::deflate)), compressed("deflate"));
    EXPECT_THAT(sent(CallOptions().compression(Encoding::identity)), plain);
  }
}

TEST_F(ClientCalls, ARequestThatWouldNotGetSmallerIsSentAsItIs) {
  RunningCall call = connected_call("/s/m", CallOptions().compression(pintle::wire::Encoding::gzip));
  EXPECT_THAT(peer().calls(),
              ElementsAre(HasSubstr(" grpc-encoding=gzip"), "DATA 1 END_STREAM \"\\x00\\x00\\x00\\x00\\x02hi\""));
}

TEST_F(ClientCalls, TheEndOfTheResponseEndsTheRequests) {
  Pipe up(nullptr), down(nullptr);
  auto open_ended = [](Channel& channel, Pipe& in, Pipe& out) -> Task<Status> {
    const Env env = co_await current_env();
    MethodInfo info;
    info.path = "/s/m";
    info.kind = Kind::bidi;
    LayerCall call(*env.loop, info, in.source(), out.sink(), env.scope);
    co_return co_await channel.method(info)(call).in({env.loop, &call.scope, &call});
  };
  auto running = loop.start(open_ended(*channel, up, down));
  peer().settle();
  peer().calls();
  peer().send(Peer::head(1) + Peer::trailers(1, {{"grpc-status", "3"}}));
  ASSERT_TRUE(running.done());
  EXPECT_EQ(running.get().code(), Code::invalid_argument);
  EXPECT_THAT(peer().calls(), ElementsAre(StartsWith("RST_STREAM 1")));
}

TEST_F(ClientCalls, LayersStandAroundTheCall) {
  class Tag final : public Layer {
    std::string_view name() const override { return "tag"; }
    std::unique_ptr<Handler> wrap(const Site&, Handler& next) const override {
      struct Tagging final : Handler {
        explicit Tagging(Handler& n) : next(n) {}
        Task<Status> operator()(LayerCall& call) override {
          call.request_metadata.add("x-tag", "1");
          Status status = co_await next(call);
          co_return status.ok() ? Status(Code::aborted, "the layer says no") : status;
        }
        Handler& next;
      };
      return std::make_unique<Tagging>(next);
    }
  };
  ChannelOptions options;
  options.layers.push_back(std::make_shared<Tag>());
  ChannelTest test(options);
  RunningCall call = test.connected_call();
  EXPECT_THAT(test.peer().calls(), Contains(HasSubstr("x-tag=1")));
  test.peer().answer(1);
  EXPECT_EQ(call.get().status.code(), Code::aborted);
}

TEST_F(ClientCalls, LayersMayKeepTheMethodThatAProxyDescribed) {
  class Names final : public Layer {
   public:
    explicit Names(std::string& into) : into_(into) {}
    std::string_view name() const override { return "names"; }
    std::unique_ptr<Handler> wrap(const Site& site, Handler&) const override {
      struct Naming final : Handler {
        Naming(const MethodInfo& m, std::string& i) : method(m), into(i) {}
        Task<Status> operator()(LayerCall&) override {
          into.append(method.service).append(" ").append(method.name).append(" ").append(method.path);
          co_return Status();
        }
        const MethodInfo& method;
        std::string& into;
      };
      return std::make_unique<Naming>(site.method, into_);
    }

   private:
    std::string& into_;
  };
  std::string names;
  ChannelOptions options;
  options.layers.push_back(std::make_shared<Names>(names));
  ChannelTest test(options);
  {
    const std::string service = "a.service.with.a.long.name", name = "AMethodWithALongName";
    const std::string path = "/" + service + "/" + name;
    MethodInfo info;
    info.service = service;
    info.name = name;
    info.path = path;
    test.channel->method(info);
  }
  test.call("/a.service.with.a.long.name/AMethodWithALongName");
  EXPECT_EQ(names, "a.service.with.a.long.name AMethodWithALongName /a.service.with.a.long.name/AMethodWithALongName");
}

}  // namespace
}  // namespace pintle::client::test

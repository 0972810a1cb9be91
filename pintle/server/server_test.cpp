// What a server is made of: services, layers, a fallback.
#include <algorithm>

#include <gmock/gmock.h>

#include <pintle/async/event.hpp>
#include <pintle/server/test_support/frame_client.hpp>

namespace pintle::server::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using wire::data;
using wire::headers;

class Servers : public ::testing::Test, public ServerTest {};

TEST_F(Servers, AServiceIsAddedOnce) {
  service.add("/s/echo", echo);
  EXPECT_TRUE(server.add(service).ok());
  const Status again = server.add(service);
  EXPECT_EQ(again.code(), Code::invalid_argument);
  EXPECT_THAT(std::string(again.message()), HasSubstr("/s/echo"));
  EXPECT_EQ(server.services().size(), 1u);

  FunctionService other;
  other.add("/t/new", echo);
  other.add("/s/echo", echo);
  EXPECT_FALSE(server.add(other).ok());
  EXPECT_EQ(server.services().size(), 1u);
  EXPECT_THAT(
      [this] {
        EXPECT_TRUE(server.start().ok());
        FrameClient client(loop, server);
        client.shake_hands();
        Lines lines = client.send(headers(1, grpc("/t/new")).end_stream());
        client.hang_up();
        return lines;
      }(),
      ElementsAre(HasSubstr("grpc-status=12")))
      << "a service that is refused is not added in part";
}

class StreamLimit : public ::testing::Test, public ServerTest {
 protected:
  StreamLimit() : ServerTest(at_most(3)) {
    service.add("/s/wait", [this](Call&) -> Task<Status> {
      ++started;
      co_return co_await door.wait();
    });
  }
  ~StreamLimit() override { stop(); }
  static ServerOptions at_most(std::uint32_t streams) {
    ServerOptions options;
    options.connection.http2.max_concurrent_streams = streams;
    options.connection.max_running = streams;
    return options;
  }
  static std::string calls(std::uint32_t first, std::uint32_t last) {
    std::string bytes;
    for (std::uint32_t id = first; id <= last; id += 2) bytes += headers(id, grpc("/s/wait")).end_stream();
    return bytes;
  }
  // The ids of the streams that ended with OK.
  static std::vector<std::string> answered(const Lines& lines) {
    std::vector<std::string> ids;
    for (const std::string& line : lines)
      if (line.find("grpc-status=0") != std::string::npos) ids.push_back(line.substr(8, line.find(' ', 8) - 8));
    return ids;
  }
  Event door;
  int started = 0;
};

TEST_F(StreamLimit, CallsAboveItAreRefusedUnprocessedAndTheOthersAreServed) {
  start();
  EXPECT_THAT(client().send(calls(1, 9)), ElementsAre("RST_STREAM 7 REFUSED_STREAM", "RST_STREAM 9 REFUSED_STREAM"));
  EXPECT_EQ(started, 3);
  door.set();
  EXPECT_THAT(answered(client().received()), ElementsAre("1", "3", "5"));
  EXPECT_THAT(answered(client().send(calls(11, 15))), ElementsAre("11", "13", "15")) << "the connection lives";
}

// A client that has not read our SETTINGS yet may believe in any number of streams (RFC 9113 section 6.5.2).
TEST_F(StreamLimit, AClientThatHasNotSeenItYetLosesOnlyWhatIsTooMany) {
  start();
  FrameClient eager(loop, server);
  const Lines lines = eager.send(wire::preface() + wire::settings({}) + calls(1, 399));
  EXPECT_EQ(std::ranges::count_if(lines, [](auto& line) { return line.ends_with("REFUSED_STREAM"); }), 197);
  EXPECT_EQ(started, 3);
  door.set();
  EXPECT_THAT(answered(eager.send(wire::settings_ack())), ElementsAre("1", "3", "5"));
  EXPECT_THAT(answered(eager.send(calls(401, 405))), ElementsAre("401", "403", "405"));
}

// Writes its letter where a call goes in and where it comes out.
class Letter final : public Layer {
 public:
  Letter(std::string& trace, char letter, std::string_view only = {}) : trace_(trace), letter_(letter), only_(only) {}
  std::string_view name() const override { return {&letter_, 1}; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override {
    if (!only_.empty() && site.method.path != only_) return nullptr;
    struct Around final : Handler {
      Around(std::string& t, char l, Handler& n) : trace(t), letter(l), next(n) {}
      Task<Status> operator()(LayerCall& call) override {
        trace.push_back(letter);
        Status status = co_await next(call);
        trace.push_back(letter);
        co_return status;
      }
      std::string& trace;
      char letter;
      Handler& next;
    };
    return std::make_unique<Around>(trace_, letter_, next);
  }

 private:
  std::string& trace_;
  char letter_;
  std::string_view only_;
};

TEST_F(Servers, LayersStandInTheOrderOfAddingAroundEveryMethodTheUnknownOneToo) {
  std::string trace;
  service.add("/s/m", [&](Call&) -> Task<Status> {
    trace.push_back('.');
    co_return Status();
  });
  server.add_layer(std::make_shared<Letter>(trace, 'a'));
  server.add_layer(std::make_shared<Letter>(trace, 'b', "/s/m"));
  server.add_layer(std::make_shared<Letter>(trace, 'c'));
  start();
  client().send(headers(1, grpc("/s/m")).end_stream());
  EXPECT_EQ(trace, "abc.cba");
  trace.clear();
  client().send(headers(3, grpc("/s/unknown")).end_stream());
  EXPECT_EQ(trace, "acca");
}

TEST_F(Servers, ALayerMayRefuseBeforeTheHandlerRuns) {
  class Refuse final : public Layer {
    std::string_view name() const override { return "refuse"; }
    std::unique_ptr<Handler> wrap(const Site&, Handler&) const override {
      struct Refusal final : Handler {
        Task<Status> operator()(LayerCall&) override { co_return Status(Code::unauthenticated, "who are you"); }
      };
      return std::make_unique<Refusal>();
    }
  };
  bool ran = false;
  service.add("/s/m", [&](Call&) -> Task<Status> {
    ran = true;
    co_return Status();
  });
  server.add_layer(std::make_shared<Refuse>());
  start();
  EXPECT_THAT(client().send(headers(1, grpc("/s/m")).end_stream()), ElementsAre(HasSubstr("grpc-status=16")));
  EXPECT_FALSE(ran);
}

TEST_F(Servers, AFallbackAnswersEveryOtherMethodByBytes) {
  std::vector<std::string> paths;
  service.add("/s/own", [](Call&) -> Task<Status> { co_return Status(); });
  auto proxy = [&](Call& call) -> Task<Status> {
    paths.emplace_back(call.path());
    co_return co_await echo(call);
  };
  server.set_fallback(std::make_unique<FunctionHandler<decltype(proxy)>>(proxy));
  start();
  EXPECT_THAT(client().send(headers(1, grpc("/any/Thing")) + data(1, message("bytes")).end_stream()),
              ElementsAre(HasSubstr(":status=200"), HasSubstr("bytes"), HasSubstr("grpc-status=0")));
  EXPECT_THAT(client().send(headers(3, grpc("/other/Thing")) + data(3, message("x")).end_stream()),
              Contains(HasSubstr("grpc-status=0")));
  client().send(headers(5, grpc("/s/own")).end_stream());
  EXPECT_THAT(paths, ElementsAre("/any/Thing", "/other/Thing"));
}

TEST_F(Servers, ACallKnowsItsPeerItsPathAndItsAuthority) {
  std::vector<std::string> facts;
  service.add("/s/m", [&](Call& call) -> Task<Status> {
    facts = {std::string(call.peer()), std::string(call.path()), std::string(call.authority())};
    facts.emplace_back(call.request_metadata.get("user-agent").value_or("none"));
    co_return Status();
  });
  start();
  client().send(headers(1, grpc("/s/m", {{"user-agent", "frames/1"}})).end_stream());
  EXPECT_THAT(facts, ElementsAre("memory:a", "/s/m", "test", "frames/1"));
}

}  // namespace
}  // namespace pintle::server::test

// What a layer of a server sees at the end of a call is what went over the wire, however the call ended.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include <pintle/async/event.hpp>
#include <pintle/server/test_support/frame_client.hpp>
#include <pintle/testing/kit/observed.hpp>

namespace pintle::server::test {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using wire::data;
using wire::headers;
using wire::rst;

struct Seen {
  std::string method, path;
  Status returned, outcome;
  CancelCause cause;
  Traffic traffic;
  Duration took;
};

// What a metrics layer would record.
class Recorder final : public Layer {
 public:
  explicit Recorder(std::vector<Seen>& seen) : seen_(seen) {}
  std::string_view name() const override { return "recorder"; }
  Place place() const override { return Place::telemetry; }
  std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override {
    return std::make_unique<Recording>(site.method.path, next, seen_);
  }

 private:
  struct Recording final : Handler {
    Recording(std::string_view m, Handler& n, std::vector<Seen>& s) : method(m), next(n), seen(s) {}
    Task<Status> operator()(LayerCall& call) override {
      const std::string path(call.path());
      Status status = co_await next(call);
      seen.push_back(
          {std::string(method), path, status, call.outcome(status), call.cause(), call.traffic, call.elapsed()});
      co_return status;
    }
    std::string_view method;
    Handler& next;
    std::vector<Seen>& seen;
  };
  std::vector<Seen>& seen_;
};

ServerOptions options() {
  ServerOptions options;
  options.max_receive_message = 100;
  options.connection.http2.max_header_list = 2000;
  return options;
}

class ALayerOfAServer : public ::testing::Test, public ServerTest {
 protected:
  ALayerOfAServer() : ServerTest(options()) {
    service.add("/s/echo", echo);
    service.add("/s/wait", [this](Call&) -> Task<Status> { co_return co_await door.wait(); });
    service.add("/s/deaf", [this](Call&) -> Task<Status> {
      Status heard = co_await door.wait();
      co_await yield();
      co_return Status();
    });
    service.add("/s/throw", [](Call& call) -> Task<Status> {
      (void)co_await call.read();
      throw std::runtime_error("a secret");
    });
    server.add_layer(std::make_shared<Recorder>(seen));
    start();
  }
  ~ALayerOfAServer() override { stop(); }

  Lines call(const std::string& path, const wire::Fields& more = {}, const std::string& text = "hi") {
    return client().send(headers(1, grpc(path, more)) + data(1, message(text)).end_stream());
  }

  std::vector<Seen> seen;
  Event door;
};

TEST_F(ALayerOfAServer, SeesACallThatWentWell) {
  EXPECT_THAT(call("/s/echo"), Contains(HasSubstr("grpc-status=0")));
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].method, "/s/echo");
  EXPECT_EQ(seen[0].outcome, Status());
  EXPECT_EQ(seen[0].cause, CancelCause::none);
  EXPECT_EQ(seen[0].traffic.in.messages, 1u);
  EXPECT_EQ(seen[0].traffic.in.bytes, 2u);
  EXPECT_EQ(seen[0].traffic.in.wire_bytes, 7u);
  EXPECT_EQ(seen[0].traffic.out.messages, 1u);
  EXPECT_EQ(seen[0].traffic.out.wire_bytes, 7u);
}

TEST_F(ALayerOfAServer, SeesThePeersReset) {
  call("/s/wait");
  EXPECT_THAT(client().send(rst(1, http2::ErrorCode::cancel)), IsEmpty());
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].outcome.code(), Code::cancelled);
  EXPECT_EQ(seen[0].cause, CancelCause::peer_reset);
}

TEST_F(ALayerOfAServer, SeesTheDeadline) {
  call("/s/wait", {{"grpc-timeout", "2S"}});
  loop.advance(seconds(2));
  EXPECT_THAT(client().received(), Contains(HasSubstr("grpc-status=4")));
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].outcome.code(), Code::deadline_exceeded);
  EXPECT_EQ(seen[0].cause, CancelCause::deadline);
  EXPECT_EQ(seen[0].took, seconds(2));
}

// The peer was told at the deadline; what the handler returns later is not what happened.
TEST_F(ALayerOfAServer, SeesWhatThePeerWasToldAndNotWhatADeafHandlerReturns) {
  call("/s/deaf", {{"grpc-timeout", "2S"}});
  loop.advance(seconds(2));
  EXPECT_THAT(client().received(), Contains(HasSubstr("grpc-status=4")));
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].returned, Status());
  EXPECT_EQ(seen[0].outcome.code(), Code::deadline_exceeded);
}

TEST_F(ALayerOfAServer, SeesALostConnection) {
  call("/s/wait");
  client().hang_up();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].outcome.code(), Code::cancelled);
  EXPECT_EQ(seen[0].cause, CancelCause::connection_lost);
}

TEST_F(ALayerOfAServer, SeesTheEndOfTheGraceTime) {
  call("/s/wait");
  server.drain(seconds(1), [] {});
  loop.advance(seconds(1));
  EXPECT_THAT(client().received(), Contains(HasSubstr("grpc-status=14")));
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].outcome.code(), Code::unavailable);
  EXPECT_EQ(seen[0].cause, CancelCause::shutdown);
}

TEST_F(ALayerOfAServer, SeesAnException) {
  EXPECT_THAT(call("/s/throw"), Contains(AllOf(HasSubstr("grpc-status=2"), ::testing::Not(HasSubstr("secret")))));
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].outcome.code(), Code::unknown);
  EXPECT_EQ(seen[0].returned.code(), Code::unknown);
}

TEST_F(ALayerOfAServer, SeesAMessageAboveTheLimit) {
  EXPECT_THAT(call("/s/echo", {}, std::string(101, 'x')), Contains(HasSubstr("grpc-status=8")));
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].outcome.code(), Code::resource_exhausted);
  EXPECT_EQ(seen[0].cause, CancelCause::fault);
  EXPECT_EQ(seen[0].traffic.in.messages, 0u);
}

TEST_F(ALayerOfAServer, SeesBrokenFraming) {
  EXPECT_THAT(client().send(headers(1, grpc("/s/echo")) + data(1, "\x07hello").end_stream()),
              Contains(HasSubstr("grpc-status=13")));
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].outcome.code(), Code::internal);
}

// Every refusal: what goes over the wire, and what the layer sees.
TEST_F(ALayerOfAServer, SeesEveryRefusal) {
  wire::Fields connect = {{":method", "CONNECT"}, {":authority", "x:80"}};
  wire::Fields get = grpc("/s/echo");
  get.front() = {":method", "GET"};
  struct Row {
    std::string what;
    wire::Fields fields;
    std::string wire, method;
    Code code;
  };
  const Row table[] = {
      {"unknown method", grpc("/s/nothing"), "grpc-status=12", "_OTHER", Code::unimplemented},
      {"unknown service", grpc("/x/y"), "grpc-status=12", "_OTHER", Code::unimplemented},
      {"no gRPC", wire::request("/s/echo", {{"content-type", "text/html"}}), ":status=415", "/s/echo", Code::unknown},
      {"GET", get, ":status=405", "/s/echo", Code::unknown},
      {"CONNECT", connect, ":status=405", "_OTHER", Code::unknown},
      {"bad timeout", grpc("/s/echo", {{"grpc-timeout", "1"}}), "grpc-status=13", "/s/echo", Code::internal},
      {"unknown coding", grpc("/s/echo", {{"grpc-encoding", "br"}}), "grpc-status=12", "/s/echo", Code::unimplemented},
      {"bad base64", grpc("/s/echo", {{"x-bin", "!"}}), "grpc-status=13", "/s/echo", Code::internal},
      {"too many headers", grpc("/s/echo", {{"x-long", std::string(3000, 'a')}}), ":status=431", "_OTHER",
       Code::internal},
  };
  std::uint32_t id = 1;
  for (const Row& row : table) {
    seen.clear();
    EXPECT_THAT(client().send(headers(id, row.fields).end_stream()),
                Contains(AllOf(HasSubstr("HEADERS " + std::to_string(id) + " "), HasSubstr(row.wire))))
        << row.what;
    id += 2;
    ASSERT_EQ(seen.size(), 1u) << row.what;
    EXPECT_EQ(seen[0].method, row.method) << row.what;
    EXPECT_EQ(seen[0].outcome.code(), row.code) << row.what << ": " << seen[0].outcome.to_string();
  }
  EXPECT_THAT(client().send(headers(id, grpc("/s/echo")) + data(id, message("hi")).end_stream()),
              Contains(HasSubstr("grpc-status=0")))
      << "the connection goes on";
}

// -- A chain for each listener --------------------------------------------------------------------------------------

TEST(NamedChains, OfOneServerHaveTheirOwnLayers) {
  ServerTest test;
  std::vector<Seen> with, without;
  test.service.add("/s/echo", echo);
  test.server.add_layer(std::make_shared<Recorder>(with));
  test.server.add_chain("internal");
  test.server.add_layer(std::make_shared<Recorder>(without), "admin");
  FrameClient& client = test.start();
  EXPECT_THAT(client.send(headers(1, grpc("/s/echo")).end_stream()), Contains(HasSubstr("grpc-status=0")));
  EXPECT_EQ(with.size(), 1u);
  EXPECT_EQ(without.size(), 0u);
}

TEST(NamedChains, ALayerWithoutAnOrderKeepsTheServerFromStarting) {
  ServerTest test;
  std::vector<Seen> seen;
  test.service.add("/s/echo", echo);
  test.server.add_layer(std::make_shared<Recorder>(seen), "admin");
  test.server.add_layer(std::make_shared<Recorder>(seen), "admin");
  EXPECT_TRUE(test.server.add(test.service).ok());
  const Status bad = test.server.start();
  EXPECT_EQ(bad.code(), Code::invalid_argument);
  EXPECT_THAT(std::string(bad.message()), HasSubstr("recorder"));
}

// -- What a layer that admits calls goes by ---------------------------------------------------------------------------

struct Admitted {
  Duration queued;
  std::size_t running, waiting;
  bool operator==(const Admitted&) const = default;
};

class Admission final : public Layer {
 public:
  explicit Admission(std::vector<Admitted>& seen) : seen_(seen) {}
  std::string_view name() const override { return "admission"; }
  Place place() const override { return Place::admission; }
  std::unique_ptr<Handler> wrap(const Site&, Handler& next) const override {
    struct Admitting final : Handler {
      Admitting(Handler& n, std::vector<Admitted>& s) : next(n), seen(s) {}
      [[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override {
        seen.push_back({call.elapsed(), call.load->running, call.load->waiting});
        return next(call);
      }
      Handler& next;
      std::vector<Admitted>& seen;
    };
    return std::make_unique<Admitting>(next, seen_);
  }

 private:
  std::vector<Admitted>& seen_;
};

TEST(AdmissionLayer, SeesHowLongACallQueuedAndHowManyRunAndWait) {
  ServerOptions one_at_a_time;
  one_at_a_time.connection.max_running = 1;
  ServerTest test(one_at_a_time);
  std::vector<Admitted> seen;
  Event door;
  test.service.add("/s/wait", [&door](Call&) -> Task<Status> { co_return co_await door.wait(); });
  test.server.add_layer(std::make_shared<Admission>(seen));
  FrameClient& client = test.start();
  for (std::uint32_t id : {1, 3, 5}) client.send(headers(id, grpc("/s/wait")).end_stream());
  EXPECT_THAT(seen, ElementsAre(Admitted{Duration::zero(), 1, 0}));
  test.loop.advance(seconds(2));
  door.set();
  test.loop.run_until_idle();
  EXPECT_THAT(seen,
              ElementsAre(Admitted{Duration::zero(), 1, 0}, Admitted{seconds(2), 1, 1}, Admitted{seconds(2), 1, 0}));
  test.stop();
}

// -- What a layer is told where it is put -----------------------------------------------------------------------------

TEST(SiteOfAServer, HasWhatItsOwnerWasTold) {
  struct Curious final : Layer {
    std::string_view name() const override { return "curious"; }
    std::unique_ptr<Handler> wrap(const Site& site, Handler&) const override {
      if (site.method.path != "/s/echo") return nullptr;
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
  ServerOptions told;
  pintle::testing::ObservedLog log;
  told.meters = meter.meters();
  told.log = log.logger();
  told.method_options = {{"/s/*", "of all"}, {"/other/*", "of others"}};
  told.random = [] { return 0.25; };
  ServerTest test(told);
  test.service.add("/s/echo", echo);
  auto layer = std::make_shared<Curious>();
  test.server.add_layer(layer);
  test.start();
  EXPECT_EQ(meter.value("calls"), 2);
  EXPECT_EQ(layer->chance, 0.25);
  EXPECT_EQ(layer->now, test.loop.clock().now());
  EXPECT_EQ(layer->loops, 1u);
  EXPECT_EQ(layer->options, "of all");
  EXPECT_THAT(log.lines(), ::testing::Contains("info wrapped"));
  test.stop();
}

}  // namespace
}  // namespace pintle::server::test

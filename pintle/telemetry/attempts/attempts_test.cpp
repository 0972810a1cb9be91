// Attempts as spans and metrics; who tries again is the test's own layer.
#include <gmock/gmock.h>

#include <pintle/telemetry/attempts/attempt_metrics_layer.hpp>
#include <pintle/telemetry/attempts/attempt_tracing_layer.hpp>
#include <pintle/telemetry/test_support/kept_spans.hpp>
#include <pintle/telemetry/tracing/tracing_layer.hpp>
#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using test::attribute;
using ::testing::ElementsAre;
using testing::LayerDriver;
using testing::Script;
using ::testing::SizeIs;

constexpr MethodInfo kGet = {.path = "/shop.v1.Shop/Get", .service = "shop.v1.Shop", .name = "Get"};

// Tries twice.
struct Twice final : Layer {
  std::string_view name() const override { return "twice"; }
  Place place() const override { return Place::retry; }
  std::unique_ptr<Handler> wrap(const Site&, Handler& next) const override {
    struct Trying final : Handler {
      explicit Trying(Handler& n) : next(n) {}
      Task<Status> operator()(LayerCall& call) override {
        Status status;
        for (int n = 1; n <= 2; ++n) {
          LayerCall attempt(call, *call.source, *call.sink);
          attempt.facts.attempt = n;
          if (n > 1) attempt.request_metadata.set("grpc-previous-rpc-attempts", "1");
          status = co_await next(attempt).in({&call.loop(), &attempt.scope, &attempt});
          attempt.chosen();
        }
        co_return status;
      }
      Handler& next;
    };
    return std::make_unique<Trying>(next);
  }
};

struct AttemptsTest : ::testing::Test {
  AttemptsTest() {
    const auto clock = std::make_shared<SteadyClock>();
    const auto tracer = std::make_shared<Tracer>(Sampler(), &kept, *clock, [] { return 0.5; });
    driver.emplace(Side::client, std::vector<std::shared_ptr<const Layer>>{
                                     std::make_shared<TracingLayer>(tracer, Propagation()), std::make_shared<Twice>(),
                                     std::make_shared<AttemptTracingLayer>(tracer, Propagation()),
                                     std::make_shared<AttemptMetricsLayer>("items:1")});
    driver->method(kGet);
    keeps_clock = clock;
  }
  std::shared_ptr<const SteadyClock> keeps_clock;
  test::KeptSpans kept;
  std::optional<LayerDriver> driver;
};

TEST_F(AttemptsTest, EachIsASpanBelowTheCallsAndTheServersParent) {
  driver->next(Script().returns(Status(Code::unavailable, "down"))).next(Script().writes("x"));
  driver->call().sends("x").start();
  ASSERT_THAT(kept.spans, SizeIs(3));
  const SpanData &first = kept.at(0), &second = kept.at(1), &call = kept.at(2);
  EXPECT_EQ(call.name, "shop.v1.Shop/Get");
  for (const SpanData* attempt : {&first, &second}) {
    EXPECT_EQ(attempt->name, "Attempt.shop.v1.Shop/Get");
    EXPECT_EQ(attempt->parent, call.context.span);
  }
  EXPECT_EQ(attribute(first, "previous-rpc-attempts"), "0");
  EXPECT_EQ(attribute(second, "previous-rpc-attempts"), "1");
  EXPECT_EQ(attribute(first, "rpc.response.status_code"), "UNAVAILABLE");
  EXPECT_NE(driver->heard(0).metadata.get("traceparent"), driver->heard(1).metadata.get("traceparent"));
}

TEST_F(AttemptsTest, EachIsCountedAndMeasured) {
  driver->next(Script().waits(30ms).returns(Status(Code::unavailable, "down"))).next(Script().waits(10ms).writes("x"));
  driver->call().sends("x").start();
  driver->advance(40ms);
  EXPECT_EQ(driver->meter.value("grpc.client.attempt.started{grpc.method=shop.v1.Shop/Get,grpc.target=items:1}"), 2);
  const auto duration = [](std::string_view code) {
    return "grpc.client.attempt.duration{grpc.method=shop.v1.Shop/Get,grpc.target=items:1,grpc.status=" +
           std::string(code) + "}";
  };
  EXPECT_THAT(driver->meter.records(duration("UNAVAILABLE")), ElementsAre(0.03));
  EXPECT_THAT(driver->meter.records(duration("OK")), ElementsAre(0.01));
}

}  // namespace
}  // namespace pintle

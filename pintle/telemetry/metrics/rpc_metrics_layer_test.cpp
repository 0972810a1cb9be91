#include <pintle/telemetry/metrics/rpc_metrics_layer.hpp>

#include <gmock/gmock.h>

#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using testing::LayerDriver;
using ::testing::Not;
using testing::Script;
using ::testing::StartsWith;

constexpr MethodInfo kGet = {.path = "/shop.v1.Shop/Get", .service = "shop.v1.Shop", .name = "Get"};
constexpr char kOk[] =
    "rpc.server.call.duration{rpc.system.name=grpc,rpc.method=shop.v1.Shop/Get,rpc.response.status_code=OK}";

std::string go(std::string_view name, std::string_view more = "") {
  return std::string(name) + "{grpc_type=unary,grpc_service=shop.v1.Shop,grpc_method=Get" + std::string(more) + "}";
}

struct RpcMetricsTest : ::testing::Test {
  explicit RpcMetricsTest(RpcMetricsOptions options = {})
      : driver(Side::server, std::make_shared<RpcMetricsLayer>(options)) {
    driver.method(kGet);
  }
  double value(std::string_view cell) const { return driver.meter.value(cell); }
  LayerDriver driver;
};

TEST_F(RpcMetricsTest, ACallIsCountedUnderEachFamilyOfNames) {
  driver.next(Script().waits(30ms).does([](LayerCall& call) {
    call.traffic.in = {.messages = 3, .bytes = 30, .wire_bytes = 45};
    call.traffic.out = {.messages = 2, .bytes = 8, .wire_bytes = 18};
  }));
  driver.call().start();
  EXPECT_EQ(value("grpc.server.call.started{grpc.method=shop.v1.Shop/Get}"), 1);
  EXPECT_EQ(value(go("grpc_server_started_total")), 1);
  EXPECT_EQ(value(kOk), 0) << "it has not ended";
  driver.advance(30ms);
  EXPECT_THAT(driver.meter.records(kOk), ElementsAre(0.03));
  EXPECT_THAT(driver.meter.records("grpc.server.call.duration{grpc.method=shop.v1.Shop/Get,grpc.status=OK}"),
              ElementsAre(0.03));
  EXPECT_THAT(driver.meter.records("grpc.server.call.sent_total_compressed_message_size{grpc.method=shop.v1.Shop/Get,"
                                   "grpc.status=OK}"),
              ElementsAre(18));
  EXPECT_EQ(value(go("grpc_server_handled_total", ",grpc_code=OK")), 1);
  EXPECT_EQ(value(go("grpc_server_msg_received_total")), 3);
  EXPECT_EQ(value(go("grpc_server_msg_sent_total")), 2);
}

TEST_F(RpcMetricsTest, EveryCodeIsThereBeforeTheFirstCallSoThatRatesAre) {
  driver.call();  // compiles the chain
  const auto cells = driver.meter.cells();
  EXPECT_EQ(std::ranges::count_if(cells, [](const std::string& c) { return c.starts_with("grpc_server_handled"); }),
            17);
  EXPECT_THAT(cells, Contains(go("grpc_server_handled_total", ",grpc_code=DeadlineExceeded")));
  EXPECT_THAT(cells, Each(Not(StartsWith("rpc.server.call.duration")))) << "histograms come with their first call";
}

TEST_F(RpcMetricsTest, TheStatusIsThatWhichThePeerWasTold) {
  driver.next(Script().waits_for_cancellation());
  driver.call().start().cancel(CancelCause::deadline);
  EXPECT_EQ(value(go("grpc_server_handled_total", ",grpc_code=DeadlineExceeded")), 1);
  driver.call().refused(Status(Code::unimplemented, "no such method")).start();
  EXPECT_EQ(value(go("grpc_server_handled_total", ",grpc_code=Unimplemented")), 1);
}

TEST_F(RpcMetricsTest, AnExceptionIsACallThatEnded) {
  driver.next(Script().throws("boom"));
  const Code code = driver.call().start().status().code();
  EXPECT_EQ(code, Code::unknown);
  EXPECT_EQ(value(go("grpc_server_handled_total", ",grpc_code=Unknown")), 1);
}

TEST_F(RpcMetricsTest, OnlyTheServersOwnErrorsAreErrors) {
  driver.next(Script().returns(Status(Code::not_found, "")));
  driver.next(Script().returns(Status(Code::internal, "")));
  driver.call().start();
  driver.call().start();
  const auto cell = [](std::string_view rest) {
    return "rpc.server.call.duration{rpc.system.name=grpc,rpc.method=shop.v1.Shop/Get,rpc.response.status_code=" +
           std::string(rest) + "}";
  };
  EXPECT_EQ(value(cell("NOT_FOUND")), 1);
  EXPECT_EQ(value(cell("INTERNAL,error.type=INTERNAL")), 1);
}

TEST_F(RpcMetricsTest, MethodsThatNobodyHasAreOneSeries) {
  constexpr MethodInfo kUnknown = {.path = "_OTHER", .service = "", .name = "_OTHER"};
  driver.method(kUnknown);
  driver.call().refused(Status(Code::unimplemented, "no such method")).start();
  EXPECT_EQ(value("grpc.server.call.started{grpc.method=other}"), 1);
  EXPECT_EQ(value("rpc.server.call.duration{rpc.system.name=grpc,rpc.method=_OTHER,rpc.response.status_code="
                  "UNIMPLEMENTED,error.type=UNIMPLEMENTED}"),
            1);
  EXPECT_EQ(value("grpc_server_handled_total{grpc_type=unary,grpc_service=_OTHER,grpc_method=_OTHER,grpc_code="
                  "Unimplemented}"),
            1);
}

TEST_F(RpcMetricsTest, AnEndlessStreamHasBegunAndNotEnded) {
  driver.kind(Kind::server_stream).next(Script().writes("a").waits_for_cancellation());
  driver.call().start();
  EXPECT_EQ(value("grpc.server.call.started{grpc.method=shop.v1.Shop/Get}"), 1);
  EXPECT_EQ(value(kOk), 0);
}

struct RpcMetricsFamilies : RpcMetricsTest {
  static RpcMetricsOptions only_handling() {
    RpcMetricsOptions options;
    options.otel = options.grpc = false;
    options.prometheus_handling = true;
    return options;
  }
  RpcMetricsFamilies() : RpcMetricsTest(only_handling()) {}
};

TEST_F(RpcMetricsFamilies, AreThereWhenTheyAreWanted) {
  driver.call().start();
  EXPECT_EQ(value(go("grpc_server_handling_seconds")), 1);
  for (const std::string& cell : driver.meter.cells()) EXPECT_THAT(cell, StartsWith("grpc_server_"));
}

TEST(RpcMetricsOfAClient, HaveTheirOwnNamesAndEveryFailureIsAnError) {
  LayerDriver driver(Side::client, std::make_shared<RpcMetricsLayer>());
  driver.method(kGet).next(Script().returns(Status(Code::not_found, "")));
  driver.call().start();
  EXPECT_EQ(driver.meter.value("rpc.client.call.duration{rpc.system.name=grpc,rpc.method=shop.v1.Shop/Get,"
                               "rpc.response.status_code=NOT_FOUND,error.type=NOT_FOUND}"),
            1);
  EXPECT_EQ(driver.meter.value("grpc.client.call.duration{grpc.method=shop.v1.Shop/Get,grpc.status=NOT_FOUND}"), 1);
  EXPECT_EQ(driver.meter.value(go("grpc_client_handled_total", ",grpc_code=NotFound")), 1);
}

}  // namespace
}  // namespace pintle

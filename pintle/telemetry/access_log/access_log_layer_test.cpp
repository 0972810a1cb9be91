#include <pintle/telemetry/access_log/access_log_layer.hpp>

#include <gmock/gmock.h>

#include <pintle/rpc/request_id.hpp>
#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LayerDriver;
using ::testing::Not;
using testing::Script;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr MethodInfo kGet = {.path = "/shop.v1.Shop/Get", .service = "shop.v1.Shop", .name = "Get"};

struct AccessLogTest : ::testing::Test {
  void make(AccessLogOptions options = {}, Side side = Side::server) {
    driver.emplace(side, std::make_shared<AccessLogLayer>(std::move(options)));
    driver->method(kGet);
  }
  std::vector<std::string> lines() const { return driver->log.lines(); }
  std::optional<LayerDriver> driver;
};

TEST_F(AccessLogTest, ACallLeavesOneLineWithWhatItWas) {
  make();
  driver->next(Script().waits(1500us).does([](LayerCall& call) {
    call.facts.peer = "ipv4:10.0.0.7:4711";
    call.traffic.in = {.messages = 1, .bytes = 3, .wire_bytes = 8};
    call.traffic.out = {.messages = 2, .bytes = 20, .wire_bytes = 30};
  }));
  driver->call().start();
  EXPECT_THAT(lines(), IsEmpty()) << "it has not ended";
  driver->advance(1500us);
  EXPECT_THAT(lines(), ElementsAre("info finished call protocol=grpc grpc.component=server grpc.service=shop.v1.Shop "
                                   "grpc.method=Get grpc.method_type=unary grpc.code=OK grpc.time_ms=1.5 "
                                   "peer.address=ipv4:10.0.0.7:4711 messages_in=1 messages_out=2 bytes_in=8 "
                                   "bytes_out=30"));
}

TEST_F(AccessLogTest, TheLevelAndTheErrorAreThoseOfWhatThePeerWasTold) {
  make();
  driver->next(Script().returns(Status(Code::not_found, "no item 7")))
      .next(Script().returns(Status(Code::internal, "broken")))
      .next(Script().returns(Status(Code::unavailable, "later")))
      .next(Script().waits_for_cancellation());
  for (int i = 0; i < 3; ++i) driver->call().start();
  driver->call().start().cancel(CancelCause::deadline);
  const auto all = lines();
  ASSERT_THAT(all, SizeIs(4));
  EXPECT_THAT(all[0], AllOf(StartsWith("info "), HasSubstr("grpc.code=NOT_FOUND"), HasSubstr("grpc.error=no item 7")));
  EXPECT_THAT(all[1], AllOf(StartsWith("error "), HasSubstr("grpc.code=INTERNAL")));
  EXPECT_THAT(all[2], AllOf(StartsWith("warn "), HasSubstr("grpc.code=UNAVAILABLE")));
  EXPECT_THAT(all[3], AllOf(StartsWith("warn "), HasSubstr("grpc.code=DEADLINE_EXCEEDED")));
}

TEST_F(AccessLogTest, IdsAndThePrincipalAreThereWhereThereAreSuch) {
  make();
  driver->next(Script().does([](LayerCall& call) {
    call.facts.trace_high = 0x0123;
    call.facts.trace_low = 0xabc;
    call.facts.span = 0x7;
    call.set_identity(std::make_shared<const Identity>(Identity().subject("anna")));
  }));
  driver->call().start();
  EXPECT_THAT(lines()[0], AllOf(HasSubstr(" trace_id=00000000000001230000000000000abc span_id=0000000000000007 "),
                                HasSubstr(" principal=anna ")));
}

TEST_F(AccessLogTest, MetadataAreNeverWritten) {
  make();
  auto& call = driver->call().metadata("authorization", "Bearer hunter2").metadata("cookie", "hunter2");
  call.start();
  EXPECT_THAT(lines()[0], Not(HasSubstr("hunter2")));
}

TEST_F(AccessLogTest, AnUnknownMethodIsNamedAsItWasAskedFor) {
  make();
  constexpr MethodInfo kUnknown = {.path = "_OTHER", .service = "", .name = "_OTHER"};
  driver->method(kUnknown);
  auto& call = driver->call().refused(Status(Code::unimplemented, "no such method"));
  call.call().facts.path = "/shop.v1.Shop/Gett";
  call.start();
  EXPECT_THAT(lines()[0], AllOf(HasSubstr("grpc.method=_OTHER"), HasSubstr("path=/shop.v1.Shop/Gett")));
}

TEST_F(AccessLogTest, GoodCallsCanBeSampledAndBadOnesNot) {
  AccessLogOptions options;
  options.sample_ok = 0.25;
  make(options);
  driver->next(Script()).next(Script()).next(Script().returns(Status(Code::internal, "")));
  driver->chance = 0.25;
  driver->call().start();
  EXPECT_THAT(lines(), IsEmpty());
  driver->chance = 0.24;
  driver->call().start();
  EXPECT_THAT(lines(), SizeIs(1));
  driver->chance = 0.99;
  driver->call().start();
  EXPECT_THAT(lines(), SizeIs(2));
}

TEST_F(AccessLogTest, ProbesThatSucceedAreQuiet) {
  make();
  constexpr MethodInfo kCheck = {
      .path = "/grpc.health.v1.Health/Check", .service = "grpc.health.v1.Health", .name = "Check"};
  driver->method(kCheck).next(Script()).next(Script().returns(Status(Code::not_found, "")));
  driver->call().start();
  EXPECT_THAT(lines(), IsEmpty());
  driver->call().start();
  EXPECT_THAT(lines(), SizeIs(1));
}

TEST_F(AccessLogTest, AClientsCallSaysSo) {
  make({}, Side::client);
  driver->next(Script().does([](LayerCall& call) { call.facts.attempt = 3; }));
  driver->call().start();
  EXPECT_THAT(lines()[0], AllOf(HasSubstr("grpc.component=client"), HasSubstr("attempt=3")));
}

}  // namespace
}  // namespace pintle

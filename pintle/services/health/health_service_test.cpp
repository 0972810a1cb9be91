#include <pintle/services/health/health_service.hpp>

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <grpc/health/v1/health.pintle.hpp>

#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using grpc::health::v1::HealthListRequest;
using grpc::health::v1::HealthListResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Stub = grpc::health::v1::Health::Stub;

constexpr auto kServing = HealthCheckResponse::SERVING;
constexpr auto kNotServing = HealthCheckResponse::NOT_SERVING;
constexpr auto kServiceUnknown = HealthCheckResponse::SERVICE_UNKNOWN;

HealthCheckRequest of(std::string_view name) {
  HealthCheckRequest request;
  request.set_service(std::string(name));
  return request;
}

struct HealthServiceTest : ::testing::Test {
  HealthServiceTest() {
    EXPECT_TRUE(server.server().add(*service).ok());
    stub.emplace(server.channel());
  }

  Result<HealthCheckResponse> check(std::string_view name) { return server.loop().run(stub->Check(of(name))); }

  // What one Watch was told so far, and how it ended.
  struct Watching {
    std::vector<HealthCheckResponse::ServingStatus> told;
    std::optional<testing::Running<Status>> running;
    bool open() const { return !running->done(); }
    Status ended() { return running->get(); }
  };
  static Task<Status> read_all(Stub& stub, std::string name, Watching& watching) {
    auto stream = co_await stub.Watch(of(name));
    for (;;) {
      auto response = co_await stream.read();
      if (!response) co_return response.error();
      if (*response == nullptr) co_return Status();
      watching.told.push_back((*response)->status());
    }
  }
  void watch(std::string_view name, Watching& watching) {
    watching.running.emplace(server.loop().start(read_all(*stub, std::string(name), watching)));
  }

  HealthStates states{HealthMap{{"", Health::serving}, {"shop.v1.Shop", Health::not_serving}}};
  std::unique_ptr<Service> service = make_health_service(states);
  testing::InMemoryServer server;
  std::optional<Stub> stub;
};

TEST_F(HealthServiceTest, CheckTellsTheStateOfANameThatIsKnown) {
  EXPECT_EQ(check("")->status(), kServing);
  EXPECT_EQ(check("shop.v1.Shop")->status(), kNotServing);
  states.set("shop.v1.Shop", Health::serving);
  EXPECT_EQ(check("shop.v1.Shop")->status(), kServing);
  states.set("shop.v1.Shop", Health::unknown);
  EXPECT_EQ(check("shop.v1.Shop")->status(), HealthCheckResponse::UNKNOWN);
}

TEST_F(HealthServiceTest, CheckOfAnotherIsNotFound) {
  const auto answer = check("shop.v1.Nowhere");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::not_found);
  EXPECT_THAT(answer.error().message(), HasSubstr("shop.v1.Nowhere"));
}

TEST_F(HealthServiceTest, WatchTellsTheStateAtOnceAndThenChangesOnly) {
  Watching watching;
  watch("shop.v1.Shop", watching);
  EXPECT_THAT(watching.told, ElementsAre(kNotServing));
  states.set("shop.v1.Shop", Health::not_serving);
  states.set("", Health::not_serving);
  server.loop().run_until_idle();
  EXPECT_THAT(watching.told, ElementsAre(kNotServing));
  states.set("shop.v1.Shop", Health::serving);
  server.loop().run_until_idle();
  EXPECT_THAT(watching.told, ElementsAre(kNotServing, kServing));
  EXPECT_TRUE(watching.open());
}

TEST_F(HealthServiceTest, WatchOfAnUnknownNameStaysOpenUntilItIsKnown) {
  Watching watching;
  watch("shop.v1.Later", watching);
  EXPECT_THAT(watching.told, ElementsAre(kServiceUnknown));
  EXPECT_TRUE(watching.open());
  states.set("shop.v1.Later", Health::serving);
  server.loop().run_until_idle();
  EXPECT_THAT(watching.told, ElementsAre(kServiceUnknown, kServing));
}

TEST_F(HealthServiceTest, ShuttingDownIsToldToEveryWatchAndEndsItAndNothingChangesAfterwards) {
  Watching serving, not_serving, unknown;
  watch("", serving);
  watch("shop.v1.Shop", not_serving);
  watch("shop.v1.Nowhere", unknown);
  states.shut_down();
  server.loop().run_until_idle();
  EXPECT_THAT(serving.told, ElementsAre(kServing, kNotServing));
  EXPECT_THAT(not_serving.told, ElementsAre(kNotServing));
  EXPECT_THAT(unknown.told, ElementsAre(kServiceUnknown, kNotServing));
  for (Watching* w : {&serving, &not_serving, &unknown}) EXPECT_EQ(w->ended(), Status());
  states.set("", Health::serving);
  states.set_all({{"", Health::serving}});
  EXPECT_EQ(check("")->status(), kNotServing);
}

TEST_F(HealthServiceTest, AServerThatDrainsTellsWatchesAndDoesNotWaitForThem) {
  Watching watching;
  watch("", watching);
  bool drained = false;
  server.server().drain(1h, [&] { drained = true; });
  server.loop().run_until_idle();
  server.loop().advance(2s);  // the notice before the connection's end
  EXPECT_THAT(watching.told, ElementsAre(kServing, kNotServing));
  EXPECT_EQ(watching.ended(), Status());
  EXPECT_TRUE(drained);
}

TEST_F(HealthServiceTest, AWatchThatIsCancelledLeavesNothingBehind) {
  Watching watching;
  watch("", watching);
  watching.running->cancel();
  server.loop().run_until_idle();
  EXPECT_EQ(watching.ended().code(), Code::cancelled);
  states.set("", Health::not_serving);
  server.loop().run_until_idle();
  EXPECT_THAT(watching.told, ElementsAre(kServing));
}

TEST_F(HealthServiceTest, ListGivesEveryNameUpToAHundred) {
  const auto few = server.loop().run(stub->List(HealthListRequest()));
  ASSERT_TRUE(few);
  EXPECT_EQ(few->statuses_size(), 2);
  EXPECT_EQ(few->statuses().at("").status(), kServing);
  EXPECT_EQ(few->statuses().at("shop.v1.Shop").status(), kNotServing);

  for (int i = 2; i < 100; ++i) states.set("name" + std::to_string(i), Health::serving);
  EXPECT_EQ(server.loop().run(stub->List(HealthListRequest()))->statuses_size(), 100);
  states.set("one more", Health::serving);
  const auto many = server.loop().run(stub->List(HealthListRequest()));
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().code(), Code::resource_exhausted);
}

}  // namespace
}  // namespace pintle

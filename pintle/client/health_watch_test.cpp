// Client-side health checking (gRFC A17) in a channel with round_robin, against servers that are strings of frames.
#include <gmock/gmock.h>

#include <pintle/client/balancing/round_robin.hpp>
#include <pintle/client/test_support/frame_server.hpp>

namespace pintle::client::test {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::HasSubstr;

ChannelOptions watching() {
  ChannelOptions options;
  options.balancer = round_robin();
  options.health_service = "shop.v1.Shop";
  return options;
}

// grpc.health.v1.HealthCheckResponse with that status.
std::string says(std::uint32_t stream, char status) {
  return wire::data(stream, message(std::string("\x08") + status));
}
constexpr char kServing = 1, kNotServing = 2, kServiceUnknown = 3;

struct HealthWatchTest : ::testing::Test, ChannelTest {
  HealthWatchTest() : ChannelTest(watching()) {}
  // A call that waits, and the watch that was begun before it.
  RunningCall begin() {
    RunningCall running = call();
    peer().settle();
    return running;
  }
};

TEST_F(HealthWatchTest, CallsWaitForTheFirstWordAndGoWhenItIsServing) {
  auto waits = begin();
  const Lines sent = peer().calls();
  EXPECT_THAT(sent, Contains(HasSubstr(":path=/grpc.health.v1.Health/Watch")));
  EXPECT_THAT(sent, Contains(HasSubstr("shop.v1.Shop")));
  EXPECT_THAT(sent, ::testing::Not(Contains(HasSubstr(":path=/s/m")))) << "it is CONNECTING until then";
  peer().send(Peer::head(1) + says(1, kServing));
  EXPECT_THAT(peer().calls(), Contains(HasSubstr(":path=/s/m")));
  peer().answer(3);
  EXPECT_TRUE(waits.get().status.ok());
}

TEST_F(HealthWatchTest, WhoIsNotServingHasNoCallsUntilItIs) {
  auto refused = begin();
  for (const char status : {kNotServing, kServiceUnknown}) {
    peer().send((status == kNotServing ? Peer::head(1) : std::string()) + says(1, status));
    auto next = call();
    EXPECT_EQ((status == kNotServing ? refused : next).get().status.code(), Code::unavailable);
  }
  auto told = call();
  EXPECT_THAT(std::string(told.get().status.message()),
              HasSubstr("the server says that 'shop.v1.Shop' is SERVICE_UNKNOWN"));
  auto patient = call("/s/m", CallOptions().wait_for_ready());
  EXPECT_FALSE(patient.done());
  peer().send(says(1, kServing));
  peer().answer(3);
  EXPECT_TRUE(patient.get().status.ok());
  EXPECT_EQ(dials(), 1u) << "the connection was good all the time";
}

TEST_F(HealthWatchTest, AServerWithoutHealthIsHealthyAndIsNotAskedAgain) {
  auto waits = begin();
  peer().send(Peer::trailers(1, {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "12"}}));
  peer().answer(3);
  EXPECT_TRUE(waits.get().status.ok());
  (void)peer().calls();
  loop.advance(10min);
  EXPECT_THAT(peer().calls(), ::testing::Not(Contains(HasSubstr("Health/Watch"))));
}

TEST_F(HealthWatchTest, AWatchThatEndsIsAFailureAndBegunAgainAfterTheBackoff) {
  auto refused = begin();
  (void)peer().calls();
  peer().send(Peer::trailers(1, {{":status", "200"}, {"content-type", "application/grpc"}, {"grpc-status", "13"}}));
  EXPECT_THAT(std::string(refused.get().status.message()), HasSubstr("the watch of the server's health ended"));
  loop.advance(999ms);
  EXPECT_THAT(peer().calls(), ::testing::Not(Contains(HasSubstr("Health/Watch"))));
  loop.advance(1ms);
  EXPECT_THAT(peer().calls(), Contains(HasSubstr("Health/Watch")));
  peer().send(Peer::head(3) + says(3, kServing));
  auto good = call();
  peer().answer(5);
  EXPECT_TRUE(good.get().status.ok());
}

TEST_F(HealthWatchTest, AConnectionThatIsLostIsWatchedAnew) {
  auto first = begin();
  peer().send(Peer::head(1) + says(1, kServing));
  peer().answer(3);
  peer().hang_up();
  EXPECT_EQ(dials(), 2u) << "round_robin comes back by itself";
  auto second = call();
  peer().settle();
  EXPECT_THAT(peer().calls(), Contains(HasSubstr("Health/Watch")));
  peer().send(Peer::head(1) + says(1, kServing));
  peer().answer(3);
  EXPECT_TRUE(second.get().status.ok());
}

struct HealthOfSeveral : ::testing::Test, ChannelTest {
  static ChannelOptions several() {
    ChannelOptions options = watching();
    options.max_connections = 2;
    return options;
  }
  HealthOfSeveral() : ChannelTest(several()) {}
  // The first connection with its watch and a call, the second with another call.
  std::pair<RunningCall, RunningCall> two() {
    auto first = call();
    Peer& one = server->peers[0];
    one.settle({{http2::SettingId::max_concurrent_streams, 2}});
    one.send(Peer::head(1) + says(1, kServing));
    auto second = call();
    EXPECT_EQ(dials(), 2u);
    server->peers[1].settle();
    return {std::move(first), std::move(second)};
  }
};

TEST_F(HealthOfSeveral, WhenTheWatchedConnectionIsLostTheOtherIsAsked) {
  auto [first, second] = two();
  EXPECT_THAT(server->peers[1].calls(), ::testing::Not(Contains(HasSubstr("Health/Watch"))));
  server->peers[0].hang_up();
  EXPECT_THAT(server->peers[1].calls(), Contains(HasSubstr("Health/Watch")));
  loop.advance(10s);
  server->peers[1].send(Peer::head(3) + says(3, kServing));
  server->peers[1].answer(1);
  EXPECT_TRUE(second.get().status.ok());
  auto third = call();
  server->peers[1].answer(5);
  EXPECT_TRUE(third.get().status.ok());
}

TEST_F(HealthOfSeveral, AWatchDoesNotHoldAConnectionThatLeaves) {
  auto [first, second] = two();
  server->peers[0].send(wire::goaway(3, http2::ErrorCode::no_error));
  server->peers[0].answer(3);
  EXPECT_TRUE(first.get().status.ok());
  loop.advance(1s);
  EXPECT_FALSE(server->peers[0].client_is_there());
  EXPECT_THAT(server->peers[1].calls(), Contains(HasSubstr("Health/Watch")));
}

TEST_F(HealthWatchTest, AChannelThatGoesTakesItsWatchAlong) {
  {
    auto waits = begin();
    (void)peer().calls();
    waits.cancel();
    loop.run_until_idle();
  }
  channel.reset();
  loop.run_until_idle();
  EXPECT_FALSE(peer().client_is_there());
}

}  // namespace
}  // namespace pintle::client::test

#include <pintle/client/internal/happy_eyeballs.hpp>

#include <deque>
#include <map>
#include <string>

#include <gmock/gmock.h>

#include <pintle/testing/kit/memory_pair.hpp>
#include <pintle/testing/kit/test_loop.hpp>

namespace pintle::client {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

net::SockAddress address(std::string_view ip) { return net::SockAddress::from_ip(ip, 80).value(); }
std::vector<net::SockAddress> addresses(std::initializer_list<std::string_view> ips) {
  std::vector<net::SockAddress> all;
  for (const std::string_view ip : ips) all.push_back(address(ip));
  return all;
}
std::vector<std::string> texts(const std::vector<net::SockAddress>& all) {
  std::vector<std::string> out;
  for (const auto& one : all) out.push_back(one.ip());
  return out;
}

struct HappyEyeballs : ::testing::Test {
  // What each address does: answers after a time, or fails after a time.
  struct Behaviour {
    Duration after{};
    bool answers = true;
  };
  testing::Running<Connected> start(std::initializer_list<std::string_view> ips) {
    return loop.start(first_to_connect(addresses(ips), 250ms, [this](const net::SockAddress& to) -> Task<Connected> {
      tried.push_back(to.ip() + "@" + std::to_string((loop.now() - begin) / 1ms));
      const Behaviour does = behaviours[to.ip()];
      const std::string ip = to.ip();
      if (Status gone = co_await sleeping(does.after); !gone.ok()) co_return std::unexpected(gone);
      if (!does.answers) co_return std::unexpected(Status(Code::unavailable, ip + " refused"));
      answered = ip;
      co_return pairs.emplace_back(loop, loop).take_a();
    }));
  }
  static Task<Status> sleeping(Duration d) {
    const Env env = co_await current_env();
    (void)co_await sleep_for(d);
    co_return env.scope->status();
  }
  testing::TestLoop loop;
  TimePoint begin = loop.now();
  std::deque<testing::MemoryPair> pairs;
  std::map<std::string, Behaviour> behaviours;
  std::vector<std::string> tried;
  std::string answered;
};

TEST(Interleaved, FamiliesTakeTurns) {
  EXPECT_THAT(texts(interleaved(addresses({"::1", "::2", "::3", "10.0.0.1", "10.0.0.2"}))),
              ElementsAre("::1", "10.0.0.1", "::2", "10.0.0.2", "::3"));
  EXPECT_THAT(texts(interleaved(addresses({"10.0.0.1", "10.0.0.2"}))), ElementsAre("10.0.0.1", "10.0.0.2"));
  EXPECT_TRUE(interleaved({}).empty());
}

TEST_F(HappyEyeballs, AnAddressThatSaysNothingCostsAQuarterOfASecond) {
  behaviours["10.0.0.1"] = {1h, true};
  auto running = start({"10.0.0.1", "10.0.0.2"});
  loop.advance(249ms);
  EXPECT_FALSE(running.done());
  loop.advance(1ms);
  ASSERT_TRUE(running.done());
  EXPECT_TRUE(running.get());
  EXPECT_EQ(answered, "10.0.0.2");
  EXPECT_THAT(tried, ElementsAre("10.0.0.1@0", "10.0.0.2@250"));
  EXPECT_EQ(loop.next_timer(), std::nullopt) << "nothing of the first is left";
}

TEST_F(HappyEyeballs, AnAddressThatRefusesCostsNothing) {
  behaviours["10.0.0.1"] = {0ms, false};
  auto running = start({"10.0.0.1", "10.0.0.2"});
  ASSERT_TRUE(running.done());
  EXPECT_TRUE(running.get());
  EXPECT_THAT(tried, ElementsAre("10.0.0.1@0", "10.0.0.2@0"));
}

TEST_F(HappyEyeballs, TheFirstThatAnswersWinsWhoeverBeganFirst) {
  behaviours["10.0.0.1"] = {400ms, true};
  behaviours["10.0.0.2"] = {100ms, true};
  auto running = start({"10.0.0.1", "10.0.0.2", "10.0.0.3"});
  loop.advance(350ms);
  ASSERT_TRUE(running.done());
  EXPECT_EQ(answered, "10.0.0.2");
  EXPECT_THAT(tried, ElementsAre("10.0.0.1@0", "10.0.0.2@250")) << "the third was not needed";
}

TEST_F(HappyEyeballs, WhenAllFailEachIsNamed) {
  behaviours["10.0.0.1"] = {10ms, false};
  behaviours["10.0.0.2"] = {300ms, false};
  auto running = start({"10.0.0.1", "10.0.0.2"});
  loop.advance(1s);
  ASSERT_TRUE(running.done());
  EXPECT_EQ(running.get().error().message(), "10.0.0.1 refused; 10.0.0.2 refused");
}

TEST_F(HappyEyeballs, WhoeverWaitsMayLetGo) {
  behaviours["10.0.0.1"] = behaviours["10.0.0.2"] = {1h, true};
  auto running = start({"10.0.0.1", "10.0.0.2"});
  loop.advance(300ms);
  running.cancel(Status(Code::cancelled, "not wanted any more"));
  loop.run_until_idle();
  ASSERT_TRUE(running.done());
  EXPECT_EQ(running.get().error().message(), "not wanted any more");
  EXPECT_EQ(loop.next_timer(), std::nullopt);
}

}  // namespace
}  // namespace pintle::client

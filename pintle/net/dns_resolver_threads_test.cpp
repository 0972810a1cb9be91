// Lookups over real sockets, from a name server of the test's.
#include <gmock/gmock.h>

#include <pintle/async/runtime.hpp>
#include <pintle/async/sync_wait.hpp>
#include <pintle/net/dns_resolver.hpp>
#include <pintle/testing/kit/dns_server.hpp>

namespace pintle::net {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

struct DnsResolverTest : ::testing::Test {
  DnsResolverTest() {
    options.server = server.address();
    options.timeout = 100ms;
    options.tries = 2;
    runtime.start();
  }
  Result<DnsAnswer> look_up(std::string host) {
    const DnsResolver resolver(options);
    return sync_wait(runtime.loop(0), resolver.look_up(std::move(host), 50051));
  }
  static std::vector<std::string> texts(const DnsAnswer& answer) {
    std::vector<std::string> all;
    for (const SockAddress& address : answer.addresses) all.push_back(address.to_string());
    return all;
  }
  testing::DnsServer server;
  DnsOptions options;
  Runtime runtime;
};

TEST_F(DnsResolverTest, BothFamiliesWithThePortAndTheShortestTtl) {
  server.set("items.shop.test", {"10.1.2.3", "10.1.2.4", "2001:db8::7"}, 42s);
  const auto answer = look_up("items.shop.test");
  ASSERT_TRUE(answer) << answer.error().to_string();
  EXPECT_THAT(texts(*answer),
              UnorderedElementsAre("ipv4:10.1.2.3:50051", "ipv4:10.1.2.4:50051", "ipv6:[2001:db8::7]:50051"));
  EXPECT_EQ(answer->ttl, 42s);
}

TEST_F(DnsResolverTest, ANameThatIsNotThereIsUnavailableAndSaysSo) {
  const auto answer = look_up("nobody.test");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), Code::unavailable);
  EXPECT_THAT(std::string(answer.error().message()), HasSubstr("can't resolve 'nobody.test': Domain name not found"));
}

TEST_F(DnsResolverTest, AServerThatFailsOrSaysNothingIsGivenUp) {
  server.mood(testing::DnsServer::Mood::fails);
  EXPECT_FALSE(look_up("items.test"));
  server.mood(testing::DnsServer::Mood::silent);
  const auto answer = look_up("items.test");
  ASSERT_FALSE(answer);
  EXPECT_THAT(std::string(answer.error().message()), HasSubstr("Timeout"));
}

TEST_F(DnsResolverTest, NumbersNeedNoServer) {
  server.mood(testing::DnsServer::Mood::silent);
  EXPECT_THAT(texts(*look_up("10.9.8.7")), UnorderedElementsAre("ipv4:10.9.8.7:50051"));
  EXPECT_THAT(texts(*look_up("::1")), UnorderedElementsAre("ipv6:[::1]:50051"));
}

TEST_F(DnsResolverTest, WhoLetsGoDoesNotWait) {
  server.mood(testing::DnsServer::Mood::silent);
  options.timeout = 1h;
  const DnsResolver resolver(options);
  const auto cancelled = [](const DnsResolver& r) -> Task<Status> {
    Env env = co_await current_env();
    CancelScope scope(env.scope);
    scope.cancel(Status(Code::cancelled, "not wanted any more"));
    env.scope = &scope;
    auto answer = co_await r.look_up("items.test", 1).in(env);
    co_return answer ? Status() : answer.error();
  };
  const Status status = sync_wait(runtime.loop(0), cancelled(resolver));
  EXPECT_EQ(status.message(), "not wanted any more");
}

TEST(DnsServerName, IsAnAddress) {
  for (const char* good : {"", "10.0.0.2", "10.0.0.2:5353", "[::1]:53", "::1"})
    EXPECT_TRUE(DnsResolver::check_server(good).ok()) << good;
  for (const char* bad : {"ns.example.test", "10.0.0.2:", "10.0.0.2:port", "10.0.0"})
    EXPECT_EQ(DnsResolver::check_server(bad).code(), Code::invalid_argument) << bad;
}

}  // namespace
}  // namespace pintle::net

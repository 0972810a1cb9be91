// Channels by names, over real sockets: a name server of the test's, and servers on several addresses of loopback.
#include <atomic>
#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pintle/async/runtime.hpp>
#include <pintle/async/sync_wait.hpp>
#include <pintle/client/balancing/round_robin.hpp>
#include <pintle/client/channel.hpp>
#include <pintle/client/endpoint_resolvers.hpp>
#include <pintle/rpc/client_calls.hpp>
#include <pintle/rpc/test_support/text.hpp>
#include <pintle/server/server.hpp>
#include <pintle/testing/kit/dns_server.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using test::Text;
using ::testing::HasSubstr;

constexpr MethodInfo kUnary = test::method_of_kind(Kind::unary);

// Answers with its own name.
class Place {
 public:
  Place(std::string name, const net::SockAddress& at) : name_(std::move(name)), server_(runtime_) {
    struct Answering final : Handler {
      explicit Answering(Place& p) : place(p) {}
      Task<Status> operator()(LayerCall& call) override {
        ++place.calls;
        const std::string& text = place.name_;
        co_return co_await call.write(Message(test::bytes_of(text), nullptr, nullptr));
      }
      Place& place;
    };
    server_.set_fallback(std::make_unique<Answering>(*this));
    EXPECT_TRUE(server_.start().ok());
    runtime_.start();
    auto bound = server_.listen(at);
    if (!bound) throw std::runtime_error(std::string(bound.error().message()));
    address = *bound;
  }
  ~Place() {
    runtime_.stop();
    runtime_.join();
  }
  net::SockAddress address;
  std::atomic<int> calls = 0;

 private:
  std::string name_;
  Runtime runtime_;
  Server server_;
};

net::SockAddress at(std::string_view ip, std::uint16_t port = 0) { return net::SockAddress::from_ip(ip, port).value(); }

// An address that takes no connection and refuses none: its queue is full, so that the kernel drops what comes.
class Blackhole {
 public:
  explicit Blackhole(const net::SockAddress& address) : listener_(::socket(address.family(), SOCK_STREAM, 0)) {
    if (::bind(listener_, address.data(), address.size()) != 0 || ::listen(listener_, 0) != 0)
      throw std::runtime_error("a blackhole");
    for (int& fill : fills_) {
      fill = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK, 0);
      (void)::connect(fill, address.data(), address.size());
    }
  }
  Blackhole(const Blackhole&) = delete;
  ~Blackhole() {
    for (const int fill : fills_) ::close(fill);
    ::close(listener_);
  }

 private:
  int listener_;
  int fills_[4];
};

struct TargetsTest : ::testing::Test {
  TargetsTest() { runtime.start(); }
  // What the channels left to be done is done.
  ~TargetsTest() override {
    const auto turns = []() -> Task<void> {
      for (int i = 0; i < 10; ++i) co_await sleep_for(Duration::zero());
    };
    for (std::size_t i = 0; i < runtime.size(); ++i) sync_wait(runtime.loop(i), turns());
    runtime.stop();
    runtime.join();
  }
  Result<Text> call(const std::shared_ptr<Channel>& channel, CallOptions options = CallOptions().timeout(10s)) {
    const Text request("x");
    return sync_wait(channel->loop(),
                     codegen::unary_call<Text, Text>(channel, channel->method(kUnary), kUnary, request, options));
  }
  std::string answer(const std::shared_ptr<Channel>& channel) {
    const auto got = call(channel);
    return got ? got->value : got.error().to_string();
  }
  testing::DnsServer dns;
  Runtime runtime;
};

TEST_F(TargetsTest, ANameIsAskedForAtTheNameServerThatTheTargetNames) {
  Place place("here", at("127.0.0.1"));
  dns.set("items.test", {"127.0.0.1"});
  const auto channel =
      make_channel(runtime, "dns://" + dns.address() + "/items.test:" + std::to_string(place.address.port()));
  ASSERT_TRUE(channel) << channel.error().to_string();
  EXPECT_EQ(answer(*channel), "here");
  EXPECT_EQ(dns.queries("items.test"), 1);
}

TEST_F(TargetsTest, ANameServerThatIsNoneIsAnError) {
  const auto channel = make_channel(runtime, "dns://ns.example.test/items.test:1");
  ASSERT_FALSE(channel);
  EXPECT_EQ(channel.error().code(), Code::invalid_argument);
}

TEST_F(TargetsTest, AnAddressThatDropsPacketsDoesNotCostTheDeadline) {
  Place place("second", at("127.0.0.1"));
  Blackhole hole(at("127.0.0.2", place.address.port()));
  const auto channel = make_channel(runtime, "ipv4:127.0.0.2:" + std::to_string(place.address.port()) +
                                                 ",127.0.0.1:" + std::to_string(place.address.port()));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(answer(*channel), "second");
  EXPECT_LT(std::chrono::steady_clock::now() - began, 5s) << "RFC 8305 says 250 ms";
}

TEST_F(TargetsTest, CallsAreSpreadOverTheAddressesOfAName) {
  Place one("one", at("127.0.0.1"));
  Place two("two", at("127.0.0.2", one.address.port()));
  dns.set("items.test", {"127.0.0.1", "127.0.0.2"});
  ChannelOptions options;
  options.balancer = round_robin();
  const auto channel =
      make_channel(runtime, "dns://" + dns.address() + "/items.test:" + std::to_string(one.address.port()), options);
  ASSERT_TRUE(channel);
  const auto until = std::chrono::steady_clock::now() + 30s;
  while ((one.calls < 20 || two.calls < 20) && std::chrono::steady_clock::now() < until) (void)answer(*channel);
  EXPECT_GE(one.calls, 20);
  EXPECT_GE(two.calls, 20);
}

TEST_F(TargetsTest, ANameWhoseAddressChangesIsFollowed) {
  auto old = std::make_unique<Place>("old", at("127.0.0.1"));
  const std::uint16_t port = old->address.port();
  dns.set("items.test", {"127.0.0.1"}, 1s);
  DnsEndpointOptions names;
  names.dns.server = dns.address();
  names.min_interval = 50ms;
  ChannelOptions options;
  options.resolver = dns_endpoints("items.test", port, names);
  const auto channel = make_channel(runtime, "items.test:" + std::to_string(port), options);
  ASSERT_TRUE(channel);
  EXPECT_EQ(answer(*channel), "old");
  Place fresh("fresh", at("127.0.0.2", port));
  dns.set("items.test", {"127.0.0.2"}, 1s);
  old.reset();
  const auto until = std::chrono::steady_clock::now() + 30s;
  std::string got;
  while ((got = answer(*channel)) != "fresh" && std::chrono::steady_clock::now() < until) {
  }
  EXPECT_EQ(got, "fresh");
}

TEST_F(TargetsTest, WhatIsKnownOutlivesTheNameServer) {
  Place place("here", at("127.0.0.1"));
  dns.set("items.test", {"127.0.0.1"}, 1s);
  DnsEndpointOptions names;
  names.dns.server = dns.address();
  names.min_interval = names.max_interval = 10ms;
  ChannelOptions options;
  options.resolver = dns_endpoints("items.test", place.address.port(), names);
  const auto channel = make_channel(runtime, "items.test:1", options);
  EXPECT_EQ(answer(*channel), "here");
  dns.mood(testing::DnsServer::Mood::fails);
  const int asked = dns.queries("items.test");
  const auto until = std::chrono::steady_clock::now() + 30s;
  while (dns.queries("items.test") < asked + 3 && std::chrono::steady_clock::now() < until)
    EXPECT_EQ(answer(*channel), "here");
}

TEST_F(TargetsTest, ANameThatIsNotThereSaysSo) {
  ChannelOptions options;
  options.balancer = round_robin();
  const auto channel = make_channel(runtime, "dns://" + dns.address() + "/nobody.test:1", options);
  const auto got = call(*channel);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Code::unavailable);
  EXPECT_THAT(std::string(got.error().message()), HasSubstr("can't resolve 'nobody.test'"));
}

TEST_F(TargetsTest, AServerThatComesBackIsFoundByThoseThatWait) {
  auto first = std::make_unique<Place>("first", at("127.0.0.1"));
  const net::SockAddress address = first->address;
  ChannelOptions options;
  options.backoff.initial = 20ms;
  options.backoff.max = 100ms;
  const auto channel = make_channel(runtime, "127.0.0.1:" + std::to_string(address.port()), options);
  EXPECT_EQ(answer(*channel), "first");
  first.reset();
  EXPECT_EQ(call(*channel).error().code(), Code::unavailable);
  std::optional<Place> second;
  std::jthread later([&] { second.emplace("second", address); });
  const auto got = call(*channel, CallOptions().timeout(30s).wait_for_ready());
  later.join();
  ASSERT_TRUE(got) << got.error().to_string();
  EXPECT_EQ(got->value, "second");
}

}  // namespace
}  // namespace pintle

#include <pintle/net/http_proxy.hpp>

#include <map>

#include <gmock/gmock.h>

#include <pintle/testing/kit/memory_pair.hpp>
#include <pintle/testing/kit/test_loop.hpp>

namespace pintle::net {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

HttpProxy good(std::string_view url, std::string_view exempt = {}) {
  auto proxy = HttpProxy::parse(url, exempt);
  EXPECT_TRUE(proxy) << proxy.error().to_string();
  return *proxy;
}

TEST(HttpProxyUrl, IsReadWithItsParts) {
  const HttpProxy proxy = good("http://anna:p%40ss@proxy.test:3128/");
  EXPECT_EQ(proxy.host(), "proxy.test");
  EXPECT_EQ(proxy.port(), 3128);
  EXPECT_EQ(proxy.authorization(), "Basic YW5uYTpwQHNz");
  EXPECT_EQ(good("HTTP://proxy.test").port(), 80);
  EXPECT_EQ(good("http://[::1]:8080").host(), "::1");
  EXPECT_EQ(good("http://a:bc@p").authorization(), "Basic YTpiYw==");
  EXPECT_EQ(good("http://ab:cd@p").authorization(), "Basic YWI6Y2Q=");
  EXPECT_EQ(good("http://proxy.test:1").authorization(), "");
  for (const char* bad : {"", "proxy.test:3128", "https://proxy.test:3128", "socks5://p:1", "http://", "http://p:x"})
    EXPECT_EQ(HttpProxy::parse(bad).error().code(), Code::invalid_argument) << bad;
}

TEST(HttpProxyExemptions, AreNamesAddressesAndRanges) {
  const HttpProxy proxy = good("http://p:1", "localhost, .Internal.test,10.0.0.0/8,192.168.1.7,fd00::/8, bad/99");
  for (const char* own :
       {"localhost", "internal.test", "a.internal.test", "A.INTERNAL.TEST", "10.255.1.2", "192.168.1.7", "fd12::1"})
    EXPECT_FALSE(proxy.covers(own)) << own;
  for (const char* other :
       {"example.com", "notinternal.test", "11.0.0.1", "192.168.1.70", "fe80::1", "localhost.evil.test"})
    EXPECT_TRUE(proxy.covers(other)) << other;
  for (const char* here : {"localhost", "127.0.0.1", "::1", "app.localhost"})
    EXPECT_FALSE(good("http://p:1").covers(here)) << here;
  EXPECT_FALSE(good("http://p:1", "*").covers("example.com"));
  EXPECT_TRUE(good("http://p:1", ",, ,").covers("example.com"));
}

TEST(HttpProxyEnvironment, TheNearestVariableCounts) {
  std::map<std::string, std::string> variables = {{"http_proxy", "http://last:1"}, {"no_proxy", "a.test"}};
  const auto from = [&] {
    return HttpProxy::from_environment([&](const char* name) -> std::optional<std::string> {
      const auto found = variables.find(name);
      return found != variables.end() ? std::optional(found->second) : std::nullopt;
    });
  };
  EXPECT_EQ((*from())->host(), "last");
  EXPECT_FALSE((*from())->covers("a.test"));
  variables["https_proxy"] = "http://middle:1";
  EXPECT_EQ((*from())->host(), "middle");
  variables["grpc_proxy"] = "http://first:1";
  variables["no_grpc_proxy"] = "b.test";
  EXPECT_EQ((*from())->host(), "first");
  EXPECT_TRUE((*from())->covers("a.test"));
  variables["grpc_proxy"] = "first:1";
  EXPECT_THAT(std::string(from().error().message()), HasSubstr("grpc_proxy: it is no URL of a proxy"));
  variables.clear();
  EXPECT_FALSE(from()->has_value());
}

struct ConnectThrough : ::testing::Test {
  using Connected = Result<std::unique_ptr<ByteStream>>;
  ConnectThrough() : proxy_end(pair.take_b()) { proxy_end->set_observer(nobody); }
  testing::Running<Connected> start(const HttpProxy& to, Deadline deadline = {}) {
    return loop.start(connect_through(pair.take_a(), to, "items.test:50051", deadline));
  }
  std::string heard() {
    std::vector<std::byte> room(4096);
    const IoResult got = proxy_end->read(room);
    return got.state == IoState::ok ? std::string(reinterpret_cast<const char*>(room.data()), got.size) : "";
  }
  void says(std::string_view text) {
    (void)proxy_end->write(std::as_bytes(std::span(text)));
    loop.run_until_idle();
  }
  struct Nobody final : ByteStream::Observer {
    void on_readable() noexcept override {}
    void on_writable() noexcept override {}
  } nobody;
  testing::TestLoop loop;
  testing::MemoryPair pair{loop, loop};
  std::unique_ptr<ByteStream> proxy_end;
  const HttpProxy plain = good("http://p:1");
};

TEST_F(ConnectThrough, AsksAndGoesOnWithWhatComesBehindTheAnswer) {
  auto running = start(good("http://u:p@p:1"));
  EXPECT_EQ(heard(),
            "CONNECT items.test:50051 HTTP/1.1\r\nHost: items.test:50051\r\n"
            "Proxy-Authorization: Basic dTpw\r\n\r\n");
  says("HTTP/1.1 200 Connection established\r\nVia: p\r\n\r\nSETTINGS");
  ASSERT_TRUE(running.done());
  auto stream = running.get();
  ASSERT_TRUE(stream) << stream.error().to_string();
  (*stream)->set_observer(nobody);
  std::vector<std::byte> room(100);
  const IoResult got = (*stream)->read(room);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(room.data()), got.size), "SETTINGS");
}

TEST_F(ConnectThrough, AnAnswerInPiecesIsOne) {
  auto running = start(plain);
  for (const char c : std::string_view("HTTP/1.0 204 fine\r\n\r\n")) says({&c, 1});
  ASSERT_TRUE(running.done());
  EXPECT_TRUE(running.get());
}

TEST_F(ConnectThrough, ARefusalSaysWhatTheProxySaid) {
  auto running = start(plain);
  says("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
  const auto stream = running.get();
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code(), Code::unavailable);
  EXPECT_THAT(std::string(stream.error().message()),
              HasSubstr("does not connect to items.test:50051: HTTP/1.1 407 Proxy Authentication Required"));
}

TEST_F(ConnectThrough, WhatIsNoAnswerIsRefused) {
  auto running = start(plain);
  says("SSH-2.0-OpenSSH\r\n\r\n");
  EXPECT_FALSE(running.get());
}

TEST_F(ConnectThrough, AnAnswerWithoutEndIsGivenUp) {
  auto running = start(plain);
  for (int i = 0; i < 40 && !running.done(); ++i) says(std::string(1000, 'x'));
  ASSERT_TRUE(running.done());
  EXPECT_THAT(std::string(running.get().error().message()), HasSubstr("does not end"));
}

TEST_F(ConnectThrough, AProxyThatHangsUpOrSaysNothingIsGivenUp) {
  auto running = start(plain, Deadline::after(loop.now(), 5s));
  loop.advance(5s);
  ASSERT_TRUE(running.done());
  EXPECT_EQ(running.get().error().code(), Code::deadline_exceeded);
  testing::MemoryPair other{loop, loop};
  auto gone = loop.start(connect_through(other.take_a(), plain, "a:1", {}));
  {
    auto end = other.take_b();
  }
  loop.run_until_idle();
  ASSERT_TRUE(gone.done());
  EXPECT_EQ(gone.get().error().code(), Code::unavailable);
}

}  // namespace
}  // namespace pintle::net

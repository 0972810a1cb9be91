#include <algorithm>
#include <array>
#include <chrono>
#include <climits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <pintle/async/nursery.hpp>
#include <pintle/net/connector.hpp>
#include <pintle/net/internal/socket.hpp>
#include <pintle/net/internal/test_peers.hpp>
#include <pintle/net/resolver.hpp>

namespace pintle::net {
namespace {

using namespace test;
using ::testing::ElementsAre;

TEST(Socket, NamesItsEndsAndTellsOfABrokenConnection) {
  Runtime runtime(threads(1));
  runtime.start();
  const auto body = [](Loop& loop) -> Task<std::string> {
    std::unique_ptr<ByteStream> server;
    Event came;
    auto listener = Listener::listen(address("127.0.0.1:0"), {&loop}, [&](std::unique_ptr<ByteStream> s) {
      server = std::move(s);
      came.set();
    });
    (*listener)->start();
    auto client = co_await connect((*listener)->address());
    (void)co_await came.wait();
    EXPECT_EQ((*client)->peer(), (*listener)->address().to_string());
    EXPECT_EQ(server->peer(), (*client)->local());
    EXPECT_EQ(server->local(), (*client)->peer());
    Waiting waiting(*server);
    // Bytes, then the end, arrive together: a short read must not hide the end.
    const std::string bye = "bye";
    EXPECT_EQ((*client)->write(std::as_bytes(std::span(bye))).size, 3u);
    (*client)->shutdown_write();
    co_await waiting.readable();
    std::array<std::byte, 100> buffer;
    EXPECT_EQ(server->read(buffer).size, 3u);
    co_await waiting.readable();
    EXPECT_EQ(server->read(buffer).state, IoState::end);
    client->reset();
    // The first write after the peer has gone provokes its reset; then reading and writing fail, and no signal comes.
    (void)server->write(std::as_bytes(std::span(bye)));
    IoResult last;
    do {
      co_await yield();
      last = server->write(std::as_bytes(std::span(bye)));
    } while (last.state == IoState::ok);
    EXPECT_EQ(last.state, IoState::error);
    co_return server->error();
  };
  EXPECT_EQ(sync_wait(runtime, body(runtime.loop(0))), "Broken pipe");
}

TEST(Socket, ItsLimitOnUnacknowledgedBytesIsTheKernels) {
  using namespace std::chrono_literals;
  Runtime runtime(threads(1));
  runtime.start();
  const auto body = [](Loop& loop) -> Task<std::vector<unsigned>> {
    auto listener = Listener::listen(address("127.0.0.1:0"), {&loop}, [](std::unique_ptr<ByteStream>) {});
    const SockAddress bound = (*listener)->address();
    Fd fd(::socket(bound.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int number = fd.get();
    EXPECT_EQ(::connect(number, bound.data(), bound.size()), 0);
    Socket socket(loop, std::move(fd), bound);
    std::vector<unsigned> found;
    for (const Duration limit : std::initializer_list<Duration>{20s, 1500us, 1ns, 24h * 365, Duration::max()}) {
      socket.limit_unacknowledged(limit);
      unsigned& milliseconds = found.emplace_back();
      socklen_t size = sizeof milliseconds;
      EXPECT_EQ(::getsockopt(number, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, &size), 0);
    }
    co_return found;
  };
  EXPECT_THAT(sync_wait(runtime, body(runtime.loop(0))),
              ElementsAre(20'000u, 2u, 1u, static_cast<unsigned>(INT_MAX), 0u));
}

// A filter that drops every packet before the other end's TCP sees it stands for a network that has gone: the system
// alone would try again for a quarter of an hour. A peer that reads nothing counts as gone too.
TEST(Socket, BytesThatNobodyAcknowledgesBreakIt) {
  Runtime runtime(threads(1));
  runtime.start();
  const auto body = [](Loop& loop, bool network_is_gone) -> Task<std::string> {
    Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_storage storage{};
    const SockAddress any = address("127.0.0.1:0");
    socklen_t size = sizeof storage;
    EXPECT_EQ(::bind(listener.get(), any.data(), any.size()), 0);
    EXPECT_EQ(::listen(listener.get(), 1), 0);
    EXPECT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&storage), &size), 0);
    auto client = co_await connect(SockAddress(reinterpret_cast<const sockaddr*>(&storage), size));
    const Fd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (network_is_gone) {
      sock_filter drop{.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = 0};
      const sock_fprog program{.len = 1, .filter = &drop};
      EXPECT_EQ(::setsockopt(server.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), 0);
    }
    (*client)->limit_unacknowledged(std::chrono::milliseconds(100));
    Waiting waiting(**client);
    const std::vector<std::byte> bytes(64 * 1024);
    while ((*client)->write(bytes).state == IoState::ok) {
    }
    std::array<std::byte, 10> buffer;
    IoResult got;
    do {
      co_await waiting.readable();
      got = (*client)->read(buffer);
    } while (got.state == IoState::would_block);
    EXPECT_EQ(got.state, IoState::error);
    co_return (*client)->error();
  };
  EXPECT_EQ(sync_wait(runtime, body(runtime.loop(0), true)), "Connection timed out");
  EXPECT_EQ(sync_wait(runtime, body(runtime.loop(0), false)), "Connection timed out");
}

TEST(Connect, SaysWhyItFailed) {
  Runtime runtime(threads(1));
  runtime.start();
  const auto refused = sync_wait(runtime, connect(address("127.0.0.1:1")));
  EXPECT_EQ(refused.error().code(), Code::unavailable);
  EXPECT_NE(refused.error().message().find("Connection refused"), std::string_view::npos);
  const auto missing = sync_wait(runtime, connect(address("unix:/nonexistent/socket")));
  EXPECT_EQ(missing.error().code(), Code::unavailable);
}

// A listener whose backlog is full leaves the next connection attempt hanging.
TEST(Connect, EndsAtItsDeadlineAndWithItsScope) {
  Runtime runtime(threads(1));
  runtime.start();
  const Fd full(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  SockAddress to = address("127.0.0.1:0");
  ASSERT_EQ(::bind(full.get(), to.data(), to.size()), 0);
  ASSERT_EQ(::listen(full.get(), 0), 0);
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  ASSERT_EQ(::getsockname(full.get(), reinterpret_cast<sockaddr*>(&storage), &size), 0);
  to = SockAddress(reinterpret_cast<const sockaddr*>(&storage), size);
  const auto body = [](SockAddress at) -> Task<std::string> {
    const Env env = co_await current_env();
    std::vector<std::unique_ptr<ByteStream>> filling;
    Status late;
    while (late.ok()) {
      auto c = co_await connect(at, Deadline::after(env.loop->now(), std::chrono::milliseconds(20)));
      if (c)
        filling.push_back(std::move(*c));
      else
        late = c.error();
    }
    CancelScope scope(env.scope);
    Nursery nursery;
    Result<std::unique_ptr<ByteStream>> cancelled;
    Env inner = env;
    inner.scope = &scope;
    nursery.spawn(inner, connect(at), &cancelled);
    scope.cancel(Status(Code::cancelled, "enough"));
    co_await nursery.join();
    co_return std::string(code_name(late.code())) + " " + cancelled.error().to_string();
  };
  EXPECT_EQ(sync_wait(runtime, body(to)), "DEADLINE_EXCEEDED CANCELLED: enough");
}

TEST(SystemResolver, FindsLocalhostAndSaysWhatItCantFind) {
  Runtime runtime(threads(1));
  runtime.start();
  SystemResolver resolver;
  const auto local = sync_wait(runtime, resolver.resolve("localhost", 50051));
  ASSERT_TRUE(local) << local.error().to_string();
  EXPECT_TRUE(std::ranges::any_of(*local, [](const SockAddress& a) {
    return a.to_string() == "ipv4:127.0.0.1:50051" || a.to_string() == "ipv6:[::1]:50051";
  }));
  EXPECT_EQ(sync_wait(runtime, resolver.resolve("10.1.2.3", 7))->front().to_string(), "ipv4:10.1.2.3:7");
  const auto missing = sync_wait(runtime, resolver.resolve("no such host", 1));
  EXPECT_EQ(missing.error().code(), Code::unavailable);
}

}  // namespace
}  // namespace pintle::net

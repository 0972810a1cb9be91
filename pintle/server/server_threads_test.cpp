// A server over real sockets: listeners, several loops, and the drain of all of it.
#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pintle/async/blocking.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/async/sync_wait.hpp>
#include <pintle/net/connector.hpp>
#include <pintle/rpc/client_calls.hpp>
#include <pintle/rpc/pipe.hpp>
#include <pintle/server/test_support/frame_client.hpp>
#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle::server::test {
namespace {

constexpr MethodInfo method(std::string_view path) {
  MethodInfo info;
  info.path = path;
  info.kind = Kind::bidi;
  return info;
}

Task<Status> call(Channel& channel, std::string_view path, std::string request, std::string* answer) {
  const Env env = co_await current_env();
  const MethodInfo info = method(path);
  Pipe up(nullptr), down(nullptr, SIZE_MAX);
  up.sink().push(Message(wire::as_bytes(request), nullptr, nullptr));
  up.close();
  LayerCall call(*env.loop, info, up.source(), down.sink(), env.scope);
  Status status = co_await channel.method(info)(call).in({env.loop, &call.scope, &call});
  down.close();
  Message* message = nullptr;
  if (answer != nullptr && down.source().poll(message) == Poll::ready)
    answer->assign(reinterpret_cast<const char*>(message->bytes().data()), message->bytes().size());
  co_return status;
}

struct Noticed : CancelNode {
  explicit Noticed(std::atomic<bool>& f)
      : CancelNode([](CancelNode* node) noexcept { static_cast<Noticed*>(node)->flag = true; }), flag(f) {}
  std::atomic<bool>& flag;
};

class SocketServer : public ::testing::Test {
 protected:
  SocketServer() : runtime_(options()), server_(runtime_) {
    service_.add("/s/echo", echo);
    service_.add("/s/short", [](Call&) -> Task<Status> { co_return co_await sleep_for(std::chrono::milliseconds(3)); });
    service_.add("/s/slow", [this](Call& call) -> Task<Status> {
      ++running_;
      Noticed noticed(noticed_);
      for_layers(call).draining->add(noticed);
      Status slept = co_await sleep_for(std::chrono::hours(1));
      --running_;
      co_return slept;
    });
    service_.add("/s/database", [this](Call&) -> Task<Status> {
      co_return co_await blocking([](const std::shared_future<void>& answer) { answer.wait(); }, answer_);
    });
    EXPECT_TRUE(server_.add(service_).ok());
    EXPECT_TRUE(server_.start().ok());
    runtime_.start();
  }
  ~SocketServer() override {
    channel_.reset();
    runtime_.stop();
    runtime_.join();
  }
  static RuntimeOptions options() {
    RuntimeOptions o;
    o.threads = 2;
    o.workers.threads = 2;
    o.workers.max_queued = 4;
    return o;
  }
  std::string listen() {
    auto address = server_.listen(*net::SockAddress::from_ip("127.0.0.1", 0));
    EXPECT_TRUE(address.has_value());
    return address->to_string();
  }
  void drain(Duration grace) {
    auto drained = std::make_shared<std::promise<void>>();
    std::future<void> over = drained->get_future();
    server_.drain(grace, [this, drained] {
      if (++done_ == 1) drained->set_value();
    });
    over.wait();
  }

  static Task<bool> connected(std::string address) {
    auto target = net::parse_target(address);
    auto stream = co_await net::connect(target->addresses.front());
    co_return stream.has_value();
  }
  // The long call of this fixture hears of the drain.
  bool server_draining() const { return noticed_; }

  FunctionService service_;
  Runtime runtime_;
  Server server_;
  std::shared_ptr<Channel> channel_;
  std::atomic<int> running_ = 0, done_ = 0;
  std::atomic<bool> noticed_ = false;
  std::promise<void> database_;
  std::shared_future<void> answer_ = database_.get_future().share();
};

// A database that hangs takes the worker threads, and as many calls as may wait for one. The others are told at once,
// and what doesn't block goes on.
TEST_F(SocketServer, WhatDoesNotBlockGoesOnBesideACloggedWorkerPool) {
  const std::string address = listen();
  RuntimeOptions one;
  one.threads = 1;
  Runtime clients(one);
  clients.start();
  {
    const std::shared_ptr<Channel> channel = make_channel(clients, address).value();
    constexpr int kCalls = 10;
    constexpr std::size_t kRunning = 2, kWaiting = 4;
    std::atomic<int> answered = 0, refused = 0;
    std::vector<std::thread> callers;
    for (int i = 0; i < kCalls; ++i)
      callers.emplace_back([&] {
        const Status status = sync_wait(clients, call(*channel, "/s/database", "", nullptr));
        ++(status.code() == Code::resource_exhausted ? refused : answered);
      });
    WorkerPool& workers = runtime_.workers();
    while (workers.running() != kRunning || workers.queued() + kRunning + static_cast<std::size_t>(refused) != kCalls)
      std::this_thread::yield();
    EXPECT_LE(workers.queued(), kWaiting);
    EXPECT_GE(refused, kCalls - static_cast<int>(kRunning + kWaiting));
    for (int i = 0; i < 50; ++i) {
      std::string answer;
      EXPECT_EQ(sync_wait(clients, call(*channel, "/s/echo", "hello", &answer)), Status());
      EXPECT_EQ(answer, "hello");
    }
    EXPECT_EQ(answered, 0);
    database_.set_value();
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(answered, kCalls - refused);
  }
  drain(std::chrono::seconds(10));
  clients.stop();
  clients.join();
}

// Calls again and again, whatever comes of it.
Task<void> keep_calling(std::shared_ptr<Channel> channel, const std::atomic<bool>& enough, std::atomic<int>& served) {
  while (!enough) {
    if ((co_await call(*channel, "/s/short", "hello", nullptr)).ok()) ++served;
    co_await yield();
  }
}

TEST_F(SocketServer, BusyClientsThatConnectAgainDoNotHoldTheDrainUp) {
  const std::string address = listen();
  RuntimeOptions one;
  one.threads = 1;
  Runtime clients(one);
  clients.start();
  std::atomic<bool> enough = false;
  std::atomic<int> served = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 8; ++i)
    callers.emplace_back(
        [&] { sync_wait(clients, keep_calling(make_channel(clients, address).value(), enough, served)); });
  while (served < 100) std::this_thread::yield();
  const auto begun = SteadyClock().now();
  drain(std::chrono::seconds(10));
  // The PINGs of the notice are answered, so nobody waits for its patience, which is a second.
  EXPECT_LT(SteadyClock().now() - begun, std::chrono::seconds(1));
  enough = true;
  for (std::thread& caller : callers) caller.join();
  clients.stop();
  clients.join();
}

// A client that writes and reads bytes by itself.
class RawClient {
 public:
  explicit RawClient(const std::string& address) {
    const auto at = net::parse_target(address)->addresses.front();
    fd_ = ::socket(at.family(), SOCK_STREAM, 0);
    EXPECT_EQ(::connect(fd_, at.data(), at.size()), 0);
  }
  ~RawClient() { close(); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void send(const std::string& bytes) const {
    EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }
  void end_input() const { ::shutdown(fd_, SHUT_WR); }
  // The frames up to the end.
  Lines rest() const {
    Lines lines;
    wire::Trace trace;
    std::vector<std::byte> room(64 * 1024);
    for (ssize_t n; (n = ::recv(fd_, room.data(), room.size(), 0)) > 0;)
      for (std::string& line : trace.read(std::span(room).first(static_cast<std::size_t>(n))))
        lines.push_back(std::move(line));
    return lines;
  }

 private:
  int fd_ = -1;
};

TEST_F(SocketServer, AClientThatEndsItsSideGetsTheAnswerOfASlowHandler) {
  const std::string address = listen();
  const RawClient client(address);
  client.send(wire::preface() + wire::settings({}) + wire::headers(1, grpc("/s/short")).end_stream());
  client.end_input();
  EXPECT_THAT(client.rest(), ::testing::Contains(::testing::HasSubstr("grpc-status=0")));
  drain(std::chrono::seconds(10));
}

TEST_F(SocketServer, AClientThatIsGoneEndsItsCalls) {
  const std::string address = listen();
  RawClient client(address);
  client.send(wire::preface() + wire::settings({}) + wire::headers(1, grpc("/s/slow")).end_stream());
  while (running_ == 0) std::this_thread::yield();
  client.close();
  while (running_ != 0) std::this_thread::yield();
  drain(std::chrono::seconds(10));
}

TEST_F(SocketServer, ServesOverSeveralListenersAndDrainsThemAll) {
  const std::string a = listen(), b = listen();
  EXPECT_NE(a, b);
  for (const std::string& address : {a, b}) {
    auto channel = make_channel(runtime_, address);
    ASSERT_TRUE(channel.has_value());
    std::string answer;
    EXPECT_EQ(sync_wait(runtime_, call(**channel, "/s/echo", "hello", &answer)), Status());
    EXPECT_EQ(answer, "hello");
    channel_ = *channel;
  }
  drain(std::chrono::seconds(10));
  EXPECT_EQ(server_.connections(), 0u);
  EXPECT_EQ(done_, 1);
  const Status late = sync_wait(runtime_, call(*channel_, "/s/echo", "hello", nullptr));
  EXPECT_EQ(late.code(), Code::unavailable) << "nobody listens any more";
}

TEST_F(SocketServer, TheEndOfTheGraceTimeEndsACallAsUnavailable) {
  auto channel = make_channel(runtime_, listen());
  ASSERT_TRUE(channel.has_value());
  channel_ = *channel;
  auto ending =
      std::async(std::launch::async, [this] { return sync_wait(runtime_, call(*channel_, "/s/slow", "", nullptr)); });
  while (running_ == 0) std::this_thread::yield();
  drain(std::chrono::milliseconds(50));
  EXPECT_EQ(ending.get().code(), Code::unavailable);
  EXPECT_EQ(running_, 0);
  EXPECT_EQ(done_, 1);
}

// RFC 9113 section 6.8 lets a server refuse politely; a closed port would refuse without a word.
TEST_F(SocketServer, WhileCallsRunLateConnectionsAreTakenAndTold) {
  const std::string address = listen();
  auto channel = make_channel(runtime_, address);
  ASSERT_TRUE(channel.has_value());
  channel_ = *channel;
  auto ending =
      std::async(std::launch::async, [this] { return sync_wait(runtime_, call(*channel_, "/s/slow", "", nullptr)); });
  while (running_ == 0) std::this_thread::yield();
  auto drained = std::make_shared<std::promise<void>>();
  server_.drain(std::chrono::hours(1), [drained] { drained->set_value(); });
  while (!server_draining()) std::this_thread::yield();
  auto late = sync_wait(runtime_, connected(address));
  EXPECT_TRUE(late) << "the port was closed before the last call had ended";
  server_.drain(Duration::zero(), [] {});
  EXPECT_EQ(ending.get().code(), Code::unavailable);
  drained->get_future().wait();
  EXPECT_FALSE(sync_wait(runtime_, connected(address))) << "listeners close last, but they close";
}

// For health pages: any thread may look while the loops open and close connections.
TEST_F(SocketServer, ConnectionsMayBeCountedFromAnyThread) {
  const std::string address = listen();
  std::atomic<bool> over = false, seen = false;
  auto counting = std::async(std::launch::async, [&] {
    while (!over)
      if (server_.connections() != 0) seen = true;
  });
  for (int i = 0; i < 20 || !seen; ++i) {  // however late the other thread begins
    auto channel = make_channel(runtime_, address);
    ASSERT_TRUE(channel.has_value());
    EXPECT_EQ(sync_wait(runtime_, call(**channel, "/s/echo", "hello", nullptr)), Status());
    EXPECT_GE(server_.connections(), 1u);
  }
  over = true;
  counting.get();
  drain(std::chrono::seconds(10));
  EXPECT_EQ(server_.connections(), 0u);
}

TEST_F(SocketServer, WithoutConnectionsTheListenersAloneAreClosed) {
  listen();
  drain(std::chrono::hours(1));
  EXPECT_EQ(done_, 1);
}

TEST_F(SocketServer, AnAddressThatIsTakenIsUnavailable) {
  const std::string address = listen();
  const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  auto second = server_.listen(*net::SockAddress::from_ip("127.0.0.1", port));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code(), Code::unavailable);
  drain(Duration::zero());
}

}  // namespace
}  // namespace pintle::server::test

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <pintle/net/internal/test_peers.hpp>
#include <pintle/net/listener.hpp>

namespace pintle::net {
namespace {

using namespace test;

TEST(Listener, CarriesBytesBothWaysOverTcp) {
  Runtime runtime(threads(2));
  runtime.start();
  auto listener = Listener::listen(address("127.0.0.1:0"), all(runtime), Echo::serve);
  ASSERT_TRUE(listener) << listener.error().to_string();
  (*listener)->start();
  EXPECT_NE((*listener)->address().port(), 0);
  EXPECT_EQ(sync_wait(runtime, echo_once((*listener)->address(), "hello")), "hello");
  // Much more than a socket's buffers hold: both sides run into would_block and go on.
  const std::string big(8 << 20, 'x');
  EXPECT_EQ(sync_wait(runtime, echo_once((*listener)->address(), big)), big);
  finish(runtime, **listener);
}

TEST(Listener, CarriesBytesOverUnixSocketsAndReplacesAFileThatNobodyServes) {
  Runtime runtime(threads(1));
  runtime.start();
  TemporaryFolder folder;
  for (const std::string& text : {"unix:" + folder.path + "/s", "unix-abstract:" + folder.path}) {
    for (int round = 0; round < 2; ++round) {
      auto listener = Listener::listen(address(text), all(runtime), Echo::serve);
      ASSERT_TRUE(listener) << listener.error().to_string();
      EXPECT_EQ((*listener)->address().to_string(), text);
      (*listener)->start();
      EXPECT_EQ(sync_wait(runtime, echo_once((*listener)->address(), "hello")), "hello");
      auto second = Listener::listen(address(text), all(runtime), Echo::serve);
      ASSERT_FALSE(second) << "somebody listens there";
      EXPECT_EQ(second.error().code(), Code::unavailable);
      finish(runtime, **listener);
    }
  }
  EXPECT_FALSE(std::filesystem::exists(folder.path + "/s")) << "closing removes the file";

  {  // what a killed process leaves behind
    const Fd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
    const SockAddress at = address("unix:" + folder.path + "/s");
    ASSERT_EQ(::bind(dead.get(), at.data(), at.size()), 0);
  }
  EXPECT_TRUE(Listener::listen(address("unix:" + folder.path + "/s"), all(runtime), Echo::serve));
  std::ofstream(folder.path + "/file") << "precious";
  EXPECT_FALSE(Listener::listen(address("unix:" + folder.path + "/file"), all(runtime), Echo::serve));
  EXPECT_TRUE(std::filesystem::exists(folder.path + "/file")) << "only a socket is ever replaced";
}

TEST(Listener, GivesConnectionsToTheLoopThatHasTheFewest) {
  Runtime runtime(threads(4));
  runtime.start();
  auto listener = Listener::listen(address("127.0.0.1:0"), all(runtime), Echo::serve);
  (*listener)->start();
  std::vector<Fd> clients = connect_many((*listener)->address(), 40);
  eventually(runtime, [&] { return (*listener)->counts().open == 40; });
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ((*listener)->open_on(i), 10u) << i;
  // Whoever loses connections gets the next ones.
  clients.resize(20);
  eventually(runtime, [&] { return (*listener)->counts().open == 20; });
  std::vector<Fd> more = connect_many((*listener)->address(), 20);
  eventually(runtime, [&] { return (*listener)->counts().open == 40; });
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ((*listener)->open_on(i), 10u) << i;
  clients.clear();
  more.clear();
  finish(runtime, **listener);
}

TEST(Listener, ClosesWhatIsAboveItsBoundsAndSaysWhy) {
  struct Log final : LogSink {
    bool enabled(Level) const noexcept override { return true; }
    void write(Level, std::string_view, std::span<const Field> fields) noexcept override {
      for (const Field& field : fields)
        if (field.key == "limit") limits.emplace_back(std::get<std::string_view>(field.value));
    }
    std::vector<std::string> limits;  // of the accepting loop, which is looked at when it has stopped
  };
  Runtime runtime(threads(2));
  runtime.start();
  for (const bool per_ip : {false, true}) {
    Log log;
    ListenerOptions options;
    options.log = Logger(&log);
    (per_ip ? options.max_per_ip : options.max_connections) = 3;
    auto listener = Listener::listen(address("127.0.0.1:0"), all(runtime), Echo::serve, options);
    (*listener)->start();
    std::vector<Fd> clients = connect_many((*listener)->address(), 5);
    eventually(runtime, [&] { return (*listener)->counts().refused == 2; });
    EXPECT_EQ((*listener)->counts().open, 3u);
    char byte;
    EXPECT_EQ(::recv(clients[3].get(), &byte, 1, 0), 0) << "the fourth was closed at once";
    clients.clear();
    eventually(runtime, [&] { return (*listener)->counts().open == 0; });
    clients = connect_many((*listener)->address(), 3);
    eventually(runtime, [&] { return (*listener)->counts().accepted == 6; });
    clients.clear();
    finish(runtime, **listener);
    EXPECT_THAT(log.limits, testing::Each(per_ip ? "max_connections_per_ip" : "max_connections"));
    EXPECT_EQ(log.limits.size(), 2u);
  }
}

// A listener whose accept() can be made to fail.
struct Starving : ::testing::Test {
  struct Log final : LogSink {
    bool enabled(Level) const noexcept override { return true; }
    void write(Level level, std::string_view, std::span<const Field>) noexcept override {
      if (level == Level::warn) ++warnings;
      ++lines;
    }
    std::atomic<int> warnings = 0, lines = 0;
  };

  Starving() {
    runtime.start();
    ListenerOptions options;
    options.log = Logger(&log);
    // UBSan looks at each type of object once, and needs descriptors for that: before they run out.
    options.log.warn("the first line", {{"reason", std::generic_category().message(EMFILE)}});
    log.warnings = log.lines = 0;
    options.pause = std::chrono::milliseconds(5);
    listener = Listener::listen(address("127.0.0.1:0"), all(runtime), Echo::serve, options).value();
    listener->start();
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    clients = connect_many(listener->address(), 1);
    eventually(runtime, [&] { return listener->counts().open == 1; });
  }
  // One more connection. Its client side takes the last number below the limit, and accept() finds none, twice.
  void connect_without_descriptors() {
    const std::uint64_t pauses = listener->counts().pauses;
    clients.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const Fd lowest_free(::dup(0));
    rlimit low = before;
    low.rlim_cur = static_cast<rlim_t>(lowest_free.get()) + 1;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    const SockAddress to = listener->address();
    EXPECT_EQ(::connect(clients.back().get(), to.data(), to.size()), 0);
    eventually(runtime, [&] { return listener->counts().pauses >= pauses + 2; });
    open_then = listener->counts().open;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  }

  Log log;
  Runtime runtime{threads(1)};
  std::unique_ptr<Listener> listener;
  std::vector<Fd> clients;
  rlimit before{};
  std::size_t open_then = 0;
};

TEST_F(Starving, PausesWhenTheProcessRunsOutOfDescriptorsAndRecovers) {
  connect_without_descriptors();
  EXPECT_EQ(open_then, 1u);
  EXPECT_EQ(log.warnings, 1) << "one line, not one per attempt";
  eventually(runtime, [&] { return listener->counts().open == 2; });
  EXPECT_EQ(ask(clients.back().get(), "ok"), "ok");
  clients.clear();
  finish(runtime, *listener);
}

TEST_F(Starving, AgainAndAgainCannotFillTheLog) {
  for (std::size_t i = 0; i < 20; ++i) {
    connect_without_descriptors();
    eventually(runtime, [&] { return listener->counts().open == i + 2; });
  }
  EXPECT_LE(log.warnings, 10);
  EXPECT_LE(log.lines, 20) << "each with its good end";
  clients.clear();
  finish(runtime, *listener);
}

// What accept() never says of one connection: it is no reason to try at once, again and again.
TEST_F(Starving, AnErrorThatStaysDoesNotMakeItSpin) {
  for (int fd = 3; fd < 1024; ++fd) {
    int listens = 0;
    socklen_t size = sizeof listens;
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0) continue;
    ASSERT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length), 0);
    if (SockAddress(reinterpret_cast<const sockaddr*>(&storage), length) == listener->address())
      ASSERT_EQ(::shutdown(fd, SHUT_RDWR), 0);  // accept() says EINVAL from now on
  }
  eventually(runtime, [&] { return listener->counts().pauses >= 3; });
  EXPECT_EQ(log.warnings, 1);
  EXPECT_EQ(ask(clients.front().get(), "ok"), "ok");
  clients.clear();
  finish(runtime, *listener);
}

TEST(Listener, TakesTheBacklogBeforeItCloses) {
  Runtime runtime(threads(2));
  auto listener = Listener::listen(address("127.0.0.1:0"), all(runtime), Echo::serve);
  (*listener)->start();
  std::vector<Fd> clients = connect_many((*listener)->address(), 100);
  runtime.start();
  wait_closed(**listener);
  EXPECT_EQ((*listener)->counts().accepted, 100u);
  EXPECT_EQ(ask(clients.back().get(), "still served"), "still served");
  const Result<std::unique_ptr<ByteStream>> late = sync_wait(runtime, connect((*listener)->address()));
  EXPECT_EQ(late.error().code(), Code::unavailable);
  clients.clear();
  eventually(runtime, [&] { return (*listener)->counts().open == 0; });
}

TEST(Listener, MayBeDestroyedBeforeAndAfterItsRuntimeRan) {
  Runtime runtime(threads(1));
  auto never = Listener::listen(address("127.0.0.1:0"), all(runtime), Echo::serve);
  auto started = Listener::listen(address("127.0.0.1:0"), all(runtime), Echo::serve);
  (*started)->start();
  never->reset();
  runtime.start();
  EXPECT_EQ(sync_wait(runtime, echo_once((*started)->address(), "x")), "x");
  eventually(runtime, [&] { return (*started)->counts().open == 0; });
  runtime.stop();
  runtime.join();
}

}  // namespace
}  // namespace pintle::net

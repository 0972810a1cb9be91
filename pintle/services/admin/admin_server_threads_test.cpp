#include <cstdlib>
#include <string>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <pintle/services/admin/admin_server.hpp>
#include <pintle/testing/kit/observed.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

// A peer that writes what it likes.
class Peer {
 public:
  explicit Peer(const std::string& address) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(address.substr(address.find(':') + 1).c_str())));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  }
  Peer(const Peer&) = delete;
  ~Peer() { close(fd_); }
  void write(std::string_view text) {
    EXPECT_EQ(send(fd_, text.data(), text.size(), MSG_NOSIGNAL), ssize_t(text.size()));
  }
  // What comes until `end` is in it, or until the other side closes.
  std::string read(std::string_view end = "\xff") {
    std::string all;
    char some[4096];
    while (all.find(end) == std::string::npos) {
      const ssize_t n = recv(fd_, some, sizeof some, 0);
      if (n <= 0) break;
      all.append(some, static_cast<std::size_t>(n));
    }
    return all;
  }

 private:
  int fd_;
};

AdminPages pages() {
  AdminPages made;
  made.shows("/livez", "", [](const AdminRequest&) { return AdminResponse(200, "alive\n"); });
  made.does("/echo", "", [](const AdminRequest& request) { return AdminResponse(200, request.body); });
  return made;
}

struct AdminServerTest : ::testing::Test {
  void start(AdminLimits limits = {}) {
    std::vector<AdminPort> ports;
    ports.emplace_back("127.0.0.1", 0, pages());
    auto started = AdminServer::start(std::move(ports), log.logger(), limits);
    ASSERT_TRUE(started) << started.error().to_string();
    server = std::move(*started);
  }
  std::string ask(std::string_view request) const {
    Peer peer(server->addresses()[0]);
    peer.write(request);
    return peer.read();
  }
  testing::ObservedLog log;
  std::unique_ptr<AdminServer> server;
};

TEST_F(AdminServerTest, AnswersOverHttp) {
  start();
  const std::string answer = ask("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 6\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\nalive\n"));
  EXPECT_THAT(ask("GET /none HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.0 404"));
}

TEST_F(AdminServerTest, AConnectionIsUsedAgain) {
  start();
  Peer peer(server->addresses()[0]);
  for (int i = 0; i < 3; ++i) {
    peer.write("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
    EXPECT_THAT(peer.read("abc"), StartsWith("HTTP/1.1 200"));
  }
}

TEST_F(AdminServerTest, HeadHasTheLengthAndNoBody) {
  start();
  const std::string answer = ask("HEAD /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 6\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(AdminServerTest, WhatIsTooLargeOrNoHttpIsRefusedAndClosed) {
  start();
  EXPECT_THAT(ask("GET /livez HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n"), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(ask("POST /echo HTTP/1.1\r\nContent-Length: 100000\r\n\r\n"), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask("\x16\x03\x01\x02\x03 hello\r\n\r\n"), StartsWith("HTTP/1.1 400"));
}

TEST_F(AdminServerTest, WhoSaysNothingIsLetGo) {
  AdminLimits limits;
  limits.timeout = 20ms;
  start(limits);
  EXPECT_EQ(ask("GET /livez HT"), "");
}

TEST_F(AdminServerTest, MoreConnectionsThanAllowedAreClosedAtOnce) {
  AdminLimits limits;
  limits.max_connections = 2;
  start(limits);
  Peer a(server->addresses()[0]), b(server->addresses()[0]);
  for (Peer* peer : {&a, &b}) {
    peer->write("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(peer->read("alive\n"), StartsWith("HTTP/1.1 200"));
  }
  Peer c(server->addresses()[0]);
  EXPECT_EQ(c.read(), "");
}

TEST_F(AdminServerTest, AnAddressThatIsTakenOrNoneIsAnErrorThatNamesIt) {
  start();
  const std::string taken = server->addresses()[0];
  std::vector<AdminPort> ports;
  ports.emplace_back("127.0.0.1", static_cast<std::uint16_t>(std::atoi(taken.substr(10).c_str())), pages());
  const auto again = AdminServer::start(std::move(ports), {});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code(), Code::unavailable);
  EXPECT_THAT(std::string(again.error().message()), HasSubstr(taken));
  std::vector<AdminPort> bad;
  bad.emplace_back("localhost", 0, pages());
  EXPECT_EQ(AdminServer::start(std::move(bad), {}).error().code(), Code::invalid_argument);
}

TEST_F(AdminServerTest, EachPortHasItsOwnPages) {
  std::vector<AdminPort> ports;
  ports.emplace_back("127.0.0.1", 0, pages());
  ports.emplace_back("::1", 0, AdminPages());
  const auto both = AdminServer::start(std::move(ports), {});
  ASSERT_TRUE(both) << both.error().to_string();
  ASSERT_THAT((*both)->addresses(), SizeIs(2));
  EXPECT_THAT((*both)->addresses()[1], StartsWith("[::1]:"));
}

TEST_F(AdminServerTest, EndsWhileConnectionsAreOpen) {
  start();
  Peer idle(server->addresses()[0]), half(server->addresses()[0]);
  half.write("GET /li");
  server.reset();
  EXPECT_EQ(idle.read(), "");
}

}  // namespace
}  // namespace pintle

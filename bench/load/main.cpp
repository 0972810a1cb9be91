// pintle_load: a closed loop of gRPC calls from one thread, with an HTTP/2 client of its own. It shares no code with
// what it measures. One JSON line comes out; the exit status is 0 only when every call was right.

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection.hpp"

namespace pintle::bench {
namespace {

struct Options {
  std::uint16_t port = 0;
  std::size_t connections = 10;
  std::size_t streams = 10;
  std::string method = "unary";
  std::string name = "hello world";
  std::uint32_t payload = 0;
  std::uint32_t messages = 256;
  std::uint32_t metadata = 0;
  double warmup = 0.2;
  double seconds = 1.0;
  std::uint64_t calls = 0;
  bool spin = false;
  pid_t server_pid = 0;
};

double seconds_of(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::uint64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

// A server that was just started may not listen yet: five seconds of grace.
int connect_to(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int attempt = 0; attempt < 250; ++attempt) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      fcntl(fd, F_SETFL, O_NONBLOCK);
      return fd;
    }
    close(fd);
    usleep(20'000);
  }
  fmt::print(stderr, "pintle_load: nothing listens on port {}: {}\n", port, std::strerror(errno));
  std::exit(2);
}

// The clocks at one moment: of the wall, of this process, and of the server's process with its ended threads.
struct Moment {
  double wall = seconds_of(CLOCK_MONOTONIC);
  double client = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  double server = 0;
  explicit Moment(pid_t server_pid) {
    clockid_t clock{};
    if (server_pid != 0 && clock_getcpuclockid(server_pid, &clock) == 0) server = seconds_of(clock);
  }
};

class Load {
 public:
  Load(const Options& options, const CallPlan& plan) : options_(options), epoll_(epoll_create1(0)) {
    if (options.calls != 0) budget_.left = options.calls;
    const std::string authority = fmt::format("127.0.0.1:{}", options.port);
    for (std::size_t i = 0; i < options.connections; ++i) {
      const int fd = connect_to(options.port);
      connections_.push_back(std::make_unique<Connection>(fd, options.streams, plan, authority, tally_, budget_));
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = connections_.back().get();
      epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    }
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  ~Load() { close(epoll_); }

  int run() {
    if (options_.calls == 0) {
      turn_until(now_ns() + static_cast<std::uint64_t>(options_.warmup * 1e9));
      tally_.latency.clear();
      tally_.calls = 0;
    }
    const Moment begin(options_.server_pid);
    const auto most = options_.calls == 0 ? options_.seconds : 3600.0;
    turn_until(now_ns() + static_cast<std::uint64_t>(most * 1e9));
    const Moment end(options_.server_pid);
    const Tally measured = tally_;
    budget_.left = 0;
    turn_until(now_ns() + 2'000'000'000);  // what is still open may end, uncounted
    report(measured, begin, end);
    return measured.errors == 0 && tally_.errors == 0 && measured.calls > 0 ? 0 : 1;
  }

 private:
  // Ends early when nothing is left to do.
  void turn_until(std::uint64_t deadline) {
    std::vector<epoll_event> events(256);
    for (std::uint64_t now = now_ns(); now < deadline && !finished(); now = now_ns()) {
      const int wait_ms = options_.spin ? 0 : static_cast<int>((deadline - now) / 1'000'000) + 1;
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait_ms);
      for (int i = 0; i < count; ++i) serve(events[static_cast<std::size_t>(i)]);
    }
  }

  void serve(const epoll_event& event) {
    auto& connection = *static_cast<Connection*>(event.data.ptr);
    if (connection.broken()) return;
    const bool wanted_write = connection.wants_write();
    if (event.events & EPOLLOUT) connection.on_writable(now_ns());
    if (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) connection.on_readable(now_ns());
    if (connection.broken()) {
      epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.fd(), nullptr);
    } else if (connection.wants_write() != wanted_write) {
      epoll_event change{};
      change.events = connection.wants_write() ? EPOLLIN | EPOLLOUT : EPOLLIN;
      change.data.ptr = &connection;
      epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd(), &change);
    }
  }

  [[nodiscard]] bool finished() const {
    if (budget_.left != 0 && tally_.errors < 1000) {
      return std::all_of(connections_.begin(), connections_.end(), [](const auto& one) { return one->broken(); });
    }
    return std::all_of(connections_.begin(), connections_.end(),
                       [](const auto& one) { return one->broken() || one->open_calls() == 0; });
  }

  void report(const Tally& tally, const Moment& begin, const Moment& end) const {
    const double seconds = end.wall - begin.wall;
    fmt::print(
        "{{\"calls\": {}, \"errors\": {}, \"seconds\": {:.6f}, \"calls_per_s\": {:.1f}, \"p50_us\": {:.2f}, "
        "\"p99_us\": {:.2f}, \"client_cpu_s\": {:.6f}, \"server_cpu_s\": {:.6f}}}\n",
        tally.calls, tally_.errors, seconds, static_cast<double>(tally.calls) / seconds,
        tally.latency.quantile(0.5) / 1e3, tally.latency.quantile(0.99) / 1e3, end.client - begin.client,
        end.server - begin.server);
    if (tally_.errors != 0)
      fmt::print(stderr, "pintle_load: {} calls failed; first: {}\n", tally_.errors, tally_.first_error);
  }

  Options options_;
  int epoll_;
  Tally tally_;
  Budget budget_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

CallPlan plan_of(const Options& options) {
  CallPlan plan = options.method == "down" ? down_plan(options.messages, options.payload)
                  : options.method == "up" ? up_plan(options.messages, options.payload)
                                           : unary_plan(options.name, options.payload);
  for (std::uint32_t i = 0; i < options.metadata; ++i) {
    plan.metadata.emplace_back(fmt::format("x-entry-{}", i), fmt::format("the value of entry {}", i));
  }
  return plan;
}

}  // namespace
}  // namespace pintle::bench

int main(int argc, char** argv) {
  pintle::bench::Options options;
  CLI::App app("Closed-loop load on an Echo server (bench/echo.proto); prints one JSON line.", "pintle_load");
  app.add_option("--port", options.port, "of the server on the loopback interface")->required();
  app.add_option("--connections", options.connections)->check(CLI::Range(1, 10000))->capture_default_str();
  app.add_option("--streams", options.streams, "open calls on each connection")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  app.add_option("--method", options.method)->check(CLI::IsMember({"unary", "down", "up"}))->capture_default_str();
  app.add_option("--name", options.name, "of a unary request")->capture_default_str();
  app.add_option("--payload", options.payload, "bytes in each message")->capture_default_str();
  app.add_option("--messages", options.messages, "in each streaming call")
      ->check(CLI::Range(1, 1 << 24))
      ->capture_default_str();
  app.add_option("--metadata", options.metadata, "entries in each request")
      ->check(CLI::Range(0, 32))
      ->capture_default_str();
  app.add_option("--warmup", options.warmup, "seconds before the measured time")->capture_default_str();
  app.add_option("--seconds", options.seconds, "measured time")->capture_default_str();
  app.add_option("--calls", options.calls, "make exactly so many calls instead, without a warm-up");
  app.add_flag("--spin", options.spin, "poll instead of sleeping");
  app.add_option("--server-pid", options.server_pid, "whose CPU time to measure");
  CLI11_PARSE(app, argc, argv);
  const pintle::bench::CallPlan plan = plan_of(options);
  return pintle::bench::Load(options, plan).run();
}

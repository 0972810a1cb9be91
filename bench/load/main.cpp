// pintle_load: a closed loop of gRPC calls from one thread, with an HTTP/2 client of its own. It shares no code with
// what it measures. One JSON line comes out; the exit status is 0 only when every call was right.

#include <csignal>
#include <ctime>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <sys/types.h>

#include "churn.hpp"
#include "steady.hpp"

namespace pintle::bench {
namespace {

struct Options {
  SteadyOptions steady;
  bool churn = false;
  std::uint64_t rate = 500;
  bool tls = false;
  std::string method = "unary";
  std::string name = "hello world";
  std::uint32_t payload = 0;
  std::uint32_t messages = 256;
  std::uint32_t metadata = 0;
  std::string authorization;
  double warmup = 0.2;
  double seconds = 1.0;
  pid_t server_pid = 0;
};

double seconds_of(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
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

void report(const Tally& tally, std::uint64_t errors, const Moment& begin, const Moment& end) {
  const double seconds = end.wall - begin.wall;
  fmt::print(
      "{{\"calls\": {}, \"errors\": {}, \"seconds\": {:.6f}, \"calls_per_s\": {:.1f}, \"p50_us\": {:.2f}, "
      "\"p99_us\": {:.2f}, \"client_cpu_s\": {:.6f}, \"server_cpu_s\": {:.6f}}}\n",
      tally.calls, errors, seconds, static_cast<double>(tally.calls) / seconds, tally.latency.quantile(0.5) / 1e3,
      tally.latency.quantile(0.99) / 1e3, end.client - begin.client, end.server - begin.server);
}

int measure(const Options& options, Driver& driver) {
  Tally& tally = driver.tally();
  const bool counted = options.steady.calls != 0;
  if (!counted) {
    driver.turn_until(now_ns() + static_cast<std::uint64_t>(options.warmup * 1e9));
    tally.latency.clear();
    tally.calls = 0;
  }
  const Moment begin(options.server_pid);
  driver.turn_until(now_ns() + static_cast<std::uint64_t>((counted ? 3600.0 : options.seconds) * 1e9));
  const Moment end(options.server_pid);
  const Tally measured = tally;
  driver.stop();
  driver.turn_until(now_ns() + 2'000'000'000);  // what is still open may end, uncounted
  report(measured, tally.errors, begin, end);
  if (tally.errors != 0)
    fmt::print(stderr, "pintle_load: {} calls failed; first: {}\n", tally.errors, tally.first_error);
  return tally.errors == 0 && measured.calls > 0 ? 0 : 1;
}

CallPlan plan_of(const Options& options) {
  CallPlan plan = options.method == "down"   ? down_plan(options.messages, options.payload)
                  : options.method == "up"   ? up_plan(options.messages, options.payload)
                  : options.method == "bomb" ? bomb_plan(options.payload)
                                             : unary_plan(options.name, options.payload);
  for (std::uint32_t i = 0; i < options.metadata; ++i) {
    plan.metadata.emplace_back(fmt::format("x-entry-{}", i), fmt::format("the value of entry {}", i));
  }
  if (!options.authorization.empty()) plan.metadata.emplace_back("authorization", options.authorization);
  return plan;
}

}  // namespace
}  // namespace pintle::bench

int main(int argc, char** argv) {
  using namespace pintle::bench;
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  Options options;
  SteadyOptions& steady = options.steady;
  CLI::App app("Closed-loop load on an Echo server (bench/echo.proto); prints one JSON line.", "pintle_load");
  app.add_option("--port", steady.port, "of the server on the loopback interface")->required();
  app.add_option("--connections", steady.connections)->check(CLI::Range(1, 10000))->capture_default_str();
  app.add_option("--streams", steady.streams, "open calls on each connection")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  auto* churn = app.add_flag("--churn", options.churn, "a new connection for each call; calls are connections then");
  app.add_option("--rate", options.rate, "new connections a second at most, with --churn")
      ->needs(churn)
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_flag("--tls", options.tls, "TLS 1.3 with TLS_AES_128_GCM_SHA256; no certificate is checked, nothing resumed");
  app.add_option("--method", options.method, "bomb: a gzip bomb that the server must refuse as too large")
      ->check(CLI::IsMember({"unary", "down", "up", "bomb"}))
      ->capture_default_str();
  app.add_option("--name", options.name, "of a unary request")->capture_default_str();
  app.add_option("--payload", options.payload, "bytes in each message")->capture_default_str();
  app.add_option("--messages", options.messages, "in each streaming call")
      ->check(CLI::Range(1, 1 << 24))
      ->capture_default_str();
  app.add_option("--metadata", options.metadata, "entries in each request")
      ->check(CLI::Range(0, 32))
      ->capture_default_str();
  app.add_option("--authorization", options.authorization, "the metadata's entry of that name");
  app.add_option("--warmup", options.warmup, "seconds before the measured time")->capture_default_str();
  app.add_option("--seconds", options.seconds, "measured time")->capture_default_str();
  app.add_option("--calls", steady.calls, "make exactly so many calls instead, without a warm-up");
  app.add_flag("--spin", steady.spin, "poll instead of sleeping");
  app.add_option("--server-pid", options.server_pid, "whose CPU time to measure");
  CLI11_PARSE(app, argc, argv);

  const CallPlan plan = plan_of(options);
  const TlsContext tls = options.tls ? tls_client() : nullptr;
  steady.tls = tls.get();
  if (!options.churn) {
    Steady driver(steady, plan);
    return measure(options, driver);
  }
  ChurnOptions churning;
  churning.port = steady.port;
  churning.tls = tls.get();
  churning.connections = steady.connections;
  churning.rate = options.rate;
  churning.calls = steady.calls;
  Churn driver(churning, plan);
  return measure(options, driver);
}

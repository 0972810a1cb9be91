// Pintle's client under test: a closed loop of unary calls by the generated stub, on one loop, one channel (and so one
// connection) for each of --connections. It takes the options of pintle_load that a client under test needs and prints
// the same JSON line.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "echo.pintle.hpp"
#include "histogram.hpp"
#include <pintle/async/nursery.hpp>
#include <pintle/async/runtime.hpp>
#include <pintle/client/channel.hpp>
#include <pintle/client/service_config.hpp>
#include <pintle/resilience/breaker/breaker_layer.hpp>
#include <pintle/resilience/deadline/hop_margin_layer.hpp>

namespace {

using pintle::bench::Histogram;
using pintle::bench::v1::Echo;
using pintle::bench::v1::EchoRequest;
using SteadyClock = std::chrono::steady_clock;

struct Options {
  std::uint16_t port = 0;
  std::size_t connections = 10;
  std::size_t streams = 10;
  double warmup = 0.2;
  double seconds = 1;
  std::uint64_t calls = 0;
  double timeout = 0;
  bool layers = false;
};

// Written on the loop; main() looks at it there too, by post().
struct Tally {
  std::uint64_t left = ~std::uint64_t{0};
  std::uint64_t calls = 0;
  std::uint64_t errors = 0;
  std::string first_error;
  Histogram latency;
};

struct Moment {
  Tally tally;
  double wall = 0;
  double cpu = 0;
};

double seconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

pintle::Task<void> call_again_and_again(const Echo::Stub& stub, Tally& tally) {
  EchoRequest request;
  request.set_name("hello world");
  auto began = SteadyClock::now();
  while (tally.left != 0) {
    --tally.left;
    auto reply = co_await stub.Unary(request);
    const auto ended = SteadyClock::now();
    const auto took = ended - std::exchange(began, ended);  // the next call begins where this one has ended
    if (reply && reply->name() == request.name() && reply->payload().empty()) {
      ++tally.calls;
      tally.latency.add(static_cast<std::uint64_t>(took.count()));
      continue;
    }
    if (tally.errors++ == 0) tally.first_error = reply ? "a wrong answer" : std::string(reply.error().message());
    if (tally.errors >= 1000) tally.left = 0;
  }
}

pintle::Root drive(const std::vector<Echo::Stub>& stubs, std::size_t streams, Tally& tally, std::promise<void>& ended) {
  const pintle::Env env = co_await pintle::current_env();
  pintle::Nursery nursery;
  for (const Echo::Stub& stub : stubs) {
    for (std::size_t i = 0; i < streams; ++i) nursery.spawn(env, call_again_and_again(stub, tally));
  }
  co_await nursery.join();
  ended.set_value();
}

// What the loop has counted, and the clocks at that moment.
Moment look(pintle::Loop& loop, Tally& tally, bool begin_again) {
  std::promise<Moment> looked;
  loop.post([&] {
    if (begin_again) {
      tally.calls = 0;
      tally.latency.clear();
    }
    looked.set_value({tally, seconds_of(CLOCK_MONOTONIC), seconds_of(CLOCK_PROCESS_CPUTIME_ID)});
  });
  return looked.get_future().get();
}

// The resilience that a production client has around its calls.
void add_layers(pintle::ChannelOptions& options) {
  options.layers.push_back(std::make_shared<pintle::HopMarginLayer>(std::chrono::milliseconds(5)));
  options.layers.push_back(
      std::make_shared<pintle::BreakerLayer>("echo", std::vector{pintle::BreakerRule("calls", "*")}));
  pintle::Resilience resilience;
  resilience.retry.emplace();
  resilience.throttling.emplace();
  apply(pintle::ServiceConfig(), options, resilience);
}

int run(const Options& options) {
  pintle::RuntimeOptions runtime_options;
  runtime_options.threads = 1;
  pintle::Runtime runtime(runtime_options);
  pintle::ChannelOptions channel_options;
  // The peers of this row set no deadline unless they are told to, so by default neither does this one.
  channel_options.default_timeout =
      options.timeout > 0 ? std::chrono::duration_cast<pintle::Duration>(std::chrono::duration<double>(options.timeout))
                          : pintle::Duration::max();
  if (options.layers) add_layers(channel_options);
  std::vector<Echo::Stub> stubs;
  for (std::size_t i = 0; i < options.connections; ++i) {
    auto channel = pintle::make_channel(runtime, fmt::format("ipv4:127.0.0.1:{}", options.port), channel_options);
    if (!channel) {
      fmt::print(stderr, "echo_client: {}\n", channel.error().message());
      return 2;
    }
    stubs.emplace_back(*std::move(channel));
  }
  Tally tally;
  if (options.calls != 0) tally.left = options.calls;
  pintle::CancelScope scope;
  std::promise<void> promise;
  auto ended = promise.get_future();
  pintle::Loop& loop = runtime.loop(0);
  const double wall = seconds_of(CLOCK_MONOTONIC);
  const double cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  runtime.start();
  loop.post(
      [&] { drive(stubs, options.streams, tally, promise).start({.loop = &loop, .scope = &scope, .call = nullptr}); });

  Moment begin{{}, wall, cpu};
  if (options.calls == 0) {
    std::this_thread::sleep_for(std::chrono::duration<double>(options.warmup));
    begin = look(loop, tally, true);
    ended.wait_for(std::chrono::duration<double>(options.seconds));
  } else {
    ended.wait();
  }
  const Moment end = look(loop, tally, false);
  loop.post([&] { tally.left = 0; });
  ended.wait();
  const double seconds = end.wall - begin.wall;
  fmt::print(
      "{{\"calls\": {}, \"errors\": {}, \"seconds\": {:.6f}, \"calls_per_s\": {:.1f}, \"p50_us\": {:.2f}, \"p99_us\": "
      "{:.2f}, \"client_cpu_s\": {:.6f}, \"server_cpu_s\": 0}}\n",
      end.tally.calls, end.tally.errors, seconds, static_cast<double>(end.tally.calls) / seconds,
      end.tally.latency.quantile(0.5) / 1e3, end.tally.latency.quantile(0.99) / 1e3, end.cpu - begin.cpu);
  if (end.tally.errors != 0) {
    fmt::print(stderr, "echo_client: {} calls failed; first: {}\n", end.tally.errors, end.tally.first_error);
  }
  return end.tally.errors == 0 && end.tally.calls > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Closed-loop unary calls to an Echo server; prints one JSON line.", "echo_client");
  app.add_option("--port", options.port)->required();
  app.add_option("--connections", options.connections)->capture_default_str();
  app.add_option("--streams", options.streams)->capture_default_str();
  app.add_option("--warmup", options.warmup)->capture_default_str();
  app.add_option("--seconds", options.seconds)->capture_default_str();
  app.add_option("--calls", options.calls, "make exactly so many calls instead, without a warm-up");
  app.add_option("--timeout", options.timeout, "seconds, of each call; 0: none")->capture_default_str();
  app.add_flag("--layers", options.layers, "with retries, a breaker and a hop margin around each call");
  CLI11_PARSE(app, argc, argv);
  return run(options);
}

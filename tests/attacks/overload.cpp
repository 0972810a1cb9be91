// overload [--full]
//
// A server whose work has room for ten calls at once, some 10 ms each, behind an adaptive concurrency limit, and a
// client that calls as often as it wants to, whatever becomes of the calls before. Checked, as the adaptive limit
// promises:
//   - at twice the capacity the goodput (calls that are answered within a second) is at least 90 % of its peak
//   - calls that are let in have a p99 of at most three times that without load
//   - five seconds after the load nobody is refused, or one in a hundred
// Real sockets, loops and clocks; --full plays each part three times as long. Ends with `N passed, N failed`.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <expected>
#include <memory>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "hello.pintle.hpp"
#include <pintle/async/event.hpp>
#include <pintle/async/nursery.hpp>
#include <pintle/async/sync_wait.hpp>
#include <pintle/client/channel.hpp>
#include <pintle/middleware/concurrency/concurrency_layer.hpp>
#include <pintle/server/server.hpp>

namespace {

using namespace std::chrono_literals;
using hello::v1::SayHelloRequest;
using hello::v1::SayHelloResponse;
using pintle::Duration;
using pintle::Task;
using pintle::TimePoint;

constexpr double kCapacity = 1000;  // calls a second: ten at once of 10 ms

class Worker final : public hello::v1::Greeter::Service {
 public:
  Task<pintle::Result<SayHelloResponse>> SayHello(pintle::Call&, const SayHelloRequest&) override {
    if (pintle::Status turn = co_await room_.acquire(); !turn.ok()) co_return std::unexpected(std::move(turn));
    pintle::Status slept =
        co_await pintle::sleep_for(std::chrono::duration_cast<Duration>(10ms * (0.5 + part_(engine_) / 2)));
    room_.release();
    if (!slept.ok()) co_return std::unexpected(std::move(slept));
    co_return SayHelloResponse();
  }

 private:
  pintle::Semaphore room_{10};
  std::mt19937_64 engine_{7};
  std::exponential_distribution<double> part_{1};
};

struct Result {
  std::size_t made = 0, good = 0, refused = 0, failed = 0;
  std::vector<Duration> took;  // of those that were let in
  Duration length{};
  double goodput() const { return static_cast<double>(good) / std::chrono::duration<double>(length).count(); }
  double p99() {
    std::ranges::sort(took);
    return took.empty() ? 0 : std::chrono::duration<double, std::milli>(took[took.size() * 99 / 100]).count();
  }
};

Task<void> one(const hello::v1::Greeter::Stub& stub, pintle::Loop& loop, Result& result) {
  const TimePoint began = loop.now();
  const auto answer = co_await stub.SayHello(SayHelloRequest(), pintle::CallOptions().timeout(10s));
  const Duration took = loop.now() - began;
  if (!answer && answer.error().code() == pintle::Code::unavailable) {
    ++result.refused;
    co_return;
  }
  result.took.push_back(took);
  result.failed += answer ? 0 : 1;
  result.good += answer && took < 1s ? 1 : 0;
}

// `rate` calls a second for so long, at random distances.
Task<Result> play(const hello::v1::Greeter::Stub& stub, double rate, Duration length) {
  static std::mt19937_64 engine(3);
  std::exponential_distribution<double> gap(rate);
  const pintle::Env env = co_await pintle::current_env();
  pintle::Nursery calls;
  Result result;
  result.length = length;
  TimePoint next = env.loop->now();
  for (const TimePoint end = next + length; next < end;) {
    next += std::chrono::duration_cast<Duration>(std::chrono::duration<double>(gap(engine)));
    (void)co_await pintle::sleep_until(next);
    calls.spawn(env, one(stub, *env.loop, result));
    ++result.made;
  }
  co_await calls.join();
  co_return result;
}

struct Tally {
  int passed = 0, failed = 0;
  void check(bool good, std::string_view what) {
    ++(good ? passed : failed);
    fmt::print("{} {}\n", good ? "ok     " : "FAILED ", what);
    std::fflush(stdout);
  }
};

pintle::RuntimeOptions one_thread() {
  pintle::RuntimeOptions options;
  options.threads = 1;
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const int longer = argc > 1 && std::string_view(argv[1]) == "--full" ? 3 : 1;
  pintle::Runtime here(one_thread()), there(one_thread());
  Worker worker;
  pintle::Server server(there);
  pintle::ConcurrencyOptions limits;
  limits.adaptive.emplace();
  server.add_layer(std::make_shared<pintle::ConcurrencyLayer>(limits));
  if (!server.add(worker).ok() || !server.start().ok()) return 1;
  there.start();
  here.start();
  const auto address = server.listen(*pintle::net::SockAddress::from_ip("127.0.0.1", 0), pintle::ListenOptions());
  auto channel = address ? pintle::make_channel(here, address->to_string(), pintle::ChannelOptions()) : nullptr;
  if (!channel) return 1;
  Tally tally;
  {
    const hello::v1::Greeter::Stub stub(std::move(*channel));
    const auto phase = [&](double part, Duration length) {
      return pintle::sync_wait(here, play(stub, part * kCapacity, length * longer));
    };
    Result calm = phase(0.5, 4s), peak = phase(0.95, 6s), loaded = phase(2, 10s);
    phase(0.5, Duration(5s) / longer);
    Result after = phase(0.5, 4s);
    std::size_t failed = 0;
    for (const Result* result : {&calm, &peak, &loaded, &after}) failed += result->failed;
    tally.check(failed == 0, fmt::format("no call fails but those that are refused: {}", failed));
    tally.check(
        loaded.goodput() >= 0.9 * peak.goodput(),
        fmt::format("goodput at twice the capacity: {:.0f}/s, at its peak {:.0f}/s", loaded.goodput(), peak.goodput()));
    tally.check(loaded.refused * 3 >= loaded.made,
                fmt::format("{} of {} calls are refused meanwhile", loaded.refused, loaded.made));
    tally.check(loaded.p99() <= 3 * calm.p99(),
                fmt::format("p99 of those let in: {:.1f} ms, without load {:.1f} ms", loaded.p99(), calm.p99()));
    tally.check(after.refused * 100 <= after.made,
                fmt::format("five seconds later {} of {} calls are refused", after.refused, after.made));
  }
  here.stop();
  there.stop();
  here.join();
  there.join();
  fmt::print("{} passed, {} failed\n", tally.passed, tally.failed);
  return tally.failed == 0 ? 0 : 1;
}

// chaos [--full] [SCENE...]: what goes wrong between a client and its servers, played with processes that are killed
// and stopped, and with a proxy that loses, delays and resets. After each scene the ledgers of both sides are compared
// (ledger.hpp). Ends with `N passed, N failed`.
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <random>
#include <thread>

#include "callers.hpp"
#include "checks.hpp"
#include "server_process.hpp"
#include <pintle/async/sync_wait.hpp>
#include <pintle/client/balancing/least_request.hpp>
#include <pintle/client/balancing/round_robin.hpp>
#include <pintle/client/service_config.hpp>
#include <pintle/rpc/inspect.hpp>
#include <pintle/testing/kit/fault_proxy.hpp>

namespace pintle::chaos {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

bool full = false;

void wait(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

std::string target(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }

// A file for the servers to write to, gone with the scene.
struct Scratch {
  Scratch() : path(std::filesystem::temp_directory_path() / ("pintle-chaos-" + std::to_string(::getpid()))) {
    std::filesystem::remove(path);
  }
  ~Scratch() { std::filesystem::remove(path); }
  std::string name() const { return path.string(); }
  const std::filesystem::path path;
};

double until_it_answers(Callers& callers) {
  const auto began = Clock::now();
  while (!callers.call(false, CallOptions().timeout(10s).wait_for_ready()).ok() && Clock::now() - began < 30s) {
  }
  return std::chrono::duration<double>(Clock::now() - began).count();
}

// A server that is killed under load, again and again.
void killed() {
  const int times = full ? 500 : 12;
  Scratch file;
  Ledger ledger;
  ServerProcess server(free_port(), file.name());
  std::mt19937 chance(1);
  std::vector<double> recoveries;
  {
    Callers callers(target(server.port()), resilient(), ledger);
    callers.begin(20, Way());
    for (int i = 0; i < times; ++i) {
      wait(std::chrono::milliseconds(20 + chance() % 80));
      server.kill();
      wait(std::chrono::milliseconds(chance() % 60));
      server.start();
      recoveries.push_back(until_it_answers(callers));
    }
    callers.end();
  }
  compare(ledger, executions(file.name()));
  const double slowest = percentile(recoveries, 1);
  // The longest pause between attempts to connect is 200 ms and a fifth; the rest is this machine's.
  check(slowest < 1.0, "after {} kills it was found again within {:.0f} ms, bound by the backoff", times,
        slowest * 1000);
}

// A server that is stopped, so that its connections are there and say nothing.
void stopped() {
  const auto time = full ? 30s : 3s;
  Scratch file;
  Ledger ledger;
  ServerProcess server(free_port(), file.name());
  constexpr double kTimeout = 0.2;
  {
    Callers callers(target(server.port()), resilient(), ledger);
    Way way;
    way.timeout = 200ms;
    way.pause = 2ms;
    callers.begin(10, way);
    wait(300ms);
    server.stop();
    std::this_thread::sleep_for(time);
    server.go_on();
    wait(500ms);
    check(callers.call(false).ok(), "when it goes on it is there again");
    callers.end();
  }
  compare(ledger, executions(file.name()));
  std::vector<double> late;
  for (const auto& call : ledger.calls())
    if (call.code == Code::deadline_exceeded) late.push_back(call.seconds - kTimeout);
  const double p999 = percentile(late, 0.999);
  check(!late.empty() && p999 < 0.01, "{} calls ended by their deadlines, p99.9 {:.1f} ms after them", late.size(),
        p999 * 1000);
}

// A way that is slow, loses connections and stalls.
void proxied() {
  Scratch file;
  Ledger ledger;
  ServerProcess server(free_port(), file.name());
  testing::FaultProxy proxy(server.port());
  const auto each = full ? 10s : 1500ms;
  {
    Callers callers(target(proxy.port()), resilient(), ledger);
    Way way;
    way.timeout = 3s;
    callers.begin(20, way);
    testing::Faults faults;
    faults.latency = 200ms;
    proxy.set(faults);
    std::this_thread::sleep_for(each);
    faults = {};
    faults.reset_chance = 0.01;
    proxy.set(faults);
    std::this_thread::sleep_for(each);
    faults = {};
    faults.bytes_per_second = 20'000;
    proxy.set(faults);
    std::this_thread::sleep_for(each);
    faults = {};
    faults.refuses = true;
    proxy.set(faults);
    proxy.reset_all();
    wait(500ms);
    faults = {};
    faults.stalls = true;
    proxy.set(faults);
    std::this_thread::sleep_for(each);
    proxy.set({});
    proxy.reset_all();  // what was stalled is half open
    check(until_it_answers(callers) < 5, "it is found again when the way is good");
    callers.end();
    note("{} connections, {} of them reset", proxy.connections(), proxy.resets());
  }
  compare(ledger, executions(file.name()));
}

struct Tail {
  double p99 = 0;
  double extra = 0;  // executions for each call, above one
};

Tail tail(ChannelOptions options, const std::vector<std::unique_ptr<ServerProcess>>& servers, const std::string& file) {
  if (std::filesystem::exists(file)) std::filesystem::resize_file(file, 0);
  Ledger ledger;
  std::string all = "ipv4:";
  for (const auto& server : servers) all += (all.size() > 5 ? "," : "") + target(server->port());
  {
    Callers callers(all, std::move(options), ledger);
    Way way;
    way.once_share = 0;
    way.pause = 5ms;
    callers.begin(20, way);
    std::this_thread::sleep_for(full ? 20s : 3s);
    callers.end();
  }
  std::vector<double> seconds;
  for (const auto& call : ledger.calls()) seconds.push_back(call.seconds);
  std::size_t ran = 0;
  for (const auto& [call, times] : executions(file)) ran += static_cast<std::size_t>(times);
  return {percentile(seconds, 0.99), static_cast<double>(ran) / static_cast<double>(ledger.size()) - 1};
}

// One server of three that takes ten times as long as the others.
void one_is_slow() {
  Scratch file;
  std::vector<std::unique_ptr<ServerProcess>> servers;
  for (const int takes : {5, 5, 50})
    servers.push_back(std::make_unique<ServerProcess>(free_port(), file.name(), takes));
  ChannelOptions plain;
  plain.balancer = round_robin();
  const Tail turns = tail(plain, servers, file.name());
  ChannelOptions both;
  both.balancer = least_request();
  Resilience resilience;
  HedgingPolicy policy;
  policy.delay = 9ms;
  resilience.hedging.emplace_back("*", policy);
  resilience.budget = std::make_shared<HedgeBudget>(0.1);
  apply(ServiceConfig(), both, resilience);
  const Tail hedged = tail(both, servers, file.name());
  check(hedged.p99 * 3 <= turns.p99,
        "p99 {:.1f} ms by turns, {:.1f} ms with least_request and hedging: {:.1f} times lower", turns.p99 * 1000,
        hedged.p99 * 1000, turns.p99 / hedged.p99);
  check(hedged.extra <= 0.10, "for {:.1f} % calls more", hedged.extra * 100);
}

// Every server fails: the attempts stay near the calls.
void storm() {
  Scratch file;
  Ledger ledger;
  ServerProcess server(free_port(), file.name(), 0, static_cast<int>(Code::unavailable));
  {
    Callers callers(target(server.port()), resilient(true), ledger);
    Way way;
    way.once_share = 0;
    way.pause = 5ms;
    callers.begin(10, way);
    std::this_thread::sleep_for(full ? 60s : 5s);
    callers.end();
  }
  std::size_t ran = 0;
  for (const auto& [call, times] : executions(file.name())) ran += static_cast<std::size_t>(times);
  const double share = static_cast<double>(ran) / static_cast<double>(ledger.size());
  check(share <= 1.1, "{} attempts for {} calls that all failed: {:.3f}", ran, ledger.size(), share);
}

// A fifth of the calls is let go of at full speed.
void let_go() {
  Scratch file;
  Ledger ledger;
  ServerProcess server(free_port(), file.name());
  std::size_t connections = 0;
  std::uint64_t let_go = 0;
  {
    Callers callers(target(server.port()), resilient(), ledger);
    (void)callers.call(false);
    Way way;
    way.once_share = 0;
    way.cancel_share = 0.2;
    callers.begin(50, way);
    std::this_thread::sleep_for(full ? 60s : 5s);
    callers.end();
    let_go = callers.let_go();
    const auto report = sync_wait(callers.runtime().loop(0), callers.channel()->inspect());
    for (const auto& loop : report->loops) connections += loop.connections.size();
    std::uint64_t failed_attempts = 0;
    for (const auto& loop : report->loops) failed_attempts += loop.failed_attempts;
    check(connections == 1 && failed_attempts == 0, "{} connection, {} attempts to connect that failed", connections,
          failed_attempts);
  }
  std::size_t hurt = 0;
  for (const auto& call : ledger.calls()) hurt += !call.ok && call.code != Code::cancelled ? 1 : 0;
  check(let_go > 100 && hurt == 0, "{} calls were let go of; of the {} others {} were hurt", let_go,
        ledger.size() - let_go, hurt);
}

// Packets are lost on the way: `run` gives this process a network of its own, and nftables drops there.
void lossy() {
  for (const int percent : {1, 5, 30}) {
    Scratch file;
    Ledger ledger;
    const std::string drops =
        "nft flush ruleset && nft add table inet t && nft 'add chain inet t c { type filter hook input "
        "priority 0; }' && nft add rule inet t c numgen random mod 100 \\< " +
        std::to_string(percent) + " drop";
    ServerProcess server(free_port(), file.name());
    {
      Callers callers(target(server.port()), resilient(), ledger);
      (void)callers.call(false);
      if (std::system(drops.c_str()) != 0) {  // NOLINT(concurrency-mt-unsafe,cert-env33-c): a shell of the test's
        check(false, "nftables can't drop here");
        return;
      }
      Way way;
      way.timeout = 20s;
      way.pause = 5ms;
      callers.begin(10, way);
      std::this_thread::sleep_for(full ? 20s : 3s);
      callers.end();
    }
    (void)std::system("nft flush ruleset");  // NOLINT(concurrency-mt-unsafe,cert-env33-c): as above
    note("{} % of all packets are lost:", percent);
    compare(ledger, executions(file.name()));
    std::size_t bad = 0;
    for (const auto& call : ledger.calls()) bad += call.ok ? 0 : 1;
    check(bad == 0, "every call is answered in the end: {} of {} were not", bad, ledger.size());
  }
}

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}
std::size_t resident_kib() {
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  long pages = 0, resident = 0;
  const bool read = std::fscanf(file, "%ld %ld", &pages, &resident) == 2;
  std::fclose(file);
  return read ? static_cast<std::size_t>(resident) * 4 : 0;
}

// Channels that come and go.
void channels() {
  const int times = full ? 100'000 : 5000;
  Scratch file;
  ServerProcess server(free_port(), file.name());
  Ledger ledger;
  Callers callers(target(server.port()), resilient(), ledger);
  const auto some = [&](int n) {
    for (int i = 0; i < n; ++i) {
      auto channel = make_channel(callers.runtime(), target(server.port()), resilient());
      if (i % 20 != 0) continue;  // some of them are used
      sync_wait(callers.runtime().loop(0),
                [](std::shared_ptr<Channel> one) -> Task<void> { (void)co_await one->inspect(); }(*channel));
    }
    (void)callers.call(false);
    wait(200ms);
  };
  some(times / 5);
  const std::size_t descriptors = open_descriptors(), before = resident_kib();
  some(times);
  const std::size_t after = resident_kib();
  check(open_descriptors() <= descriptors, "{} channels leave no descriptor: {} before, {} after", times, descriptors,
        open_descriptors());
  std::vector<std::shared_ptr<Channel>> held;
  for (int i = 0; i < 1000; ++i) held.push_back(*make_channel(callers.runtime(), target(server.port()), resilient()));
  note("a channel that was not used yet has {:.1f} KiB", static_cast<double>(resident_kib() - after) / 1000);
  held.clear();
  check(after <= before + 4096, "and no memory: {} KiB before, {} KiB after", before, after);
}

const std::map<std::string, std::function<void()>> kScenes = {
    {"killed", killed}, {"stopped", stopped}, {"proxied", proxied},   {"one_is_slow", one_is_slow},
    {"storm", storm},   {"let_go", let_go},   {"channels", channels}, {"lossy", lossy}};

int play(int argc, char** argv) {
  std::vector<std::string> wanted;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--full") == 0)
      full = true;
    else
      wanted.emplace_back(argv[i]);
  }
  if (wanted.empty())
    for (const auto& [name, scene] : kScenes)
      if (name != "lossy") wanted.push_back(name);
  for (const std::string& name : wanted) {
    const auto scene = kScenes.find(name);
    if (scene == kScenes.end()) {
      fmt::print(stderr, "chaos: there is no scene {}\n", name);
      return 2;
    }
    fmt::print("{}\n", name);
    scene->second();
  }
  fmt::print("{} passed, {} failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace pintle::chaos

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  if (argc == 6 && std::strcmp(argv[1], "server") == 0)
    return pintle::chaos::serve(static_cast<std::uint16_t>(std::atoi(argv[2])), argv[3], std::atoi(argv[4]),
                                std::atoi(argv[5]));
  return pintle::chaos::play(argc, argv);
}

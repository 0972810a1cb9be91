// Outlier detection against a small model that keeps whole numbers of calls and judges them by the words of gRFC A50.
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <pintle/client/balancing/internal/outlier_table.hpp>

namespace pintle::balancing {
namespace {

using namespace std::chrono_literals;

struct Model {
  struct Host {
    int ok = 0, bad = 0, times = 0;
    bool out = false;
    TimePoint since;
  };
  explicit Model(const OutlierOptions& o) : options(o) {}

  void sweep(TimePoint now) {
    const auto all = hosts.size();
    const auto eject = [&](Host& h) {
      std::size_t out = 0;
      for (auto& [name, other] : hosts) out += other.out ? 1 : 0;
      if (h.out || (out > 0 && 100 * out >= options.max_ejection_percent * all)) return;
      h.out = true;
      h.since = now;
      ++h.times;
    };
    const auto rate = [](const Host& h) { return static_cast<double>(h.ok) / (h.ok + h.bad); };
    if (options.success_rate) {
      const int volume = std::max(1, static_cast<int>(options.success_rate->request_volume));
      std::vector<Host*> judged;
      for (auto& [name, h] : hosts)
        if (h.ok + h.bad >= volume) judged.push_back(&h);
      if (!judged.empty() && judged.size() >= options.success_rate->minimum_hosts) {
        double sum = 0, squares = 0;
        for (const Host* h : judged) sum += rate(*h);
        const double mean = sum / static_cast<double>(judged.size());
        for (const Host* h : judged) squares += std::pow(rate(*h) - mean, 2);
        const double deviation = std::sqrt(squares / static_cast<double>(judged.size()));
        const double least = mean - deviation * options.success_rate->stdev_factor / 1000;
        for (Host* h : judged) {
          if (std::abs(rate(*h) - least) < 1e-9) close_call = true;  // sums in another order
          if (rate(*h) < least) eject(*h);
        }
      }
    }
    if (options.failure_percentage) {
      const int volume = std::max(1, static_cast<int>(options.failure_percentage->request_volume));
      std::vector<Host*> judged;
      for (auto& [name, h] : hosts)
        if (h.ok + h.bad >= volume) judged.push_back(&h);
      if (judged.size() >= options.failure_percentage->minimum_hosts)
        for (Host* h : judged)
          if (100.0 * h->bad / (h->ok + h->bad) > options.failure_percentage->threshold) eject(*h);
    }
    for (auto& [name, h] : hosts) {
      if (!h.out && h.times > 0) --h.times;
      const Duration most = std::max(options.base_ejection_time, options.max_ejection_time);
      if (h.out && h.since != now && now - h.since >= std::min(options.base_ejection_time * h.times, most))
        h.out = false;
      h.ok = h.bad = 0;
    }
  }

  const OutlierOptions options;
  std::map<std::string, Host> hosts;
  bool close_call = false;
};

RC_GTEST_PROP(OutlierProperty, EjectionsFollowTheModelForAMillionSteps, ()) {
  OutlierOptions options;
  options.interval = 1s;
  options.base_ejection_time = std::chrono::milliseconds(*rc::gen::inRange(500, 5000));
  options.max_ejection_time = std::chrono::milliseconds(*rc::gen::inRange(500, 20'000));
  options.max_ejection_percent = *rc::gen::inRange(0u, 101u);
  if (*rc::gen::arbitrary<bool>()) {
    options.success_rate->minimum_hosts = *rc::gen::inRange(0u, 6u);
    options.success_rate->request_volume = *rc::gen::inRange(0u, 30u);
    options.success_rate->stdev_factor = *rc::gen::inRange(0u, 3000u);
  } else {
    options.success_rate.reset();
  }
  if (!options.success_rate || *rc::gen::arbitrary<bool>()) {
    options.failure_percentage.emplace();
    options.failure_percentage->minimum_hosts = *rc::gen::inRange(0u, 6u);
    options.failure_percentage->request_volume = *rc::gen::inRange(0u, 30u);
    options.failure_percentage->threshold = *rc::gen::inRange(0u, 101u);
  }
  OutlierTable table(options, [] { return 0.0; });
  Model model(options);
  std::vector<std::shared_ptr<OutlierTable::Host>> hosts;
  const int n = *rc::gen::inRange(1, 9);
  std::vector<unsigned> badness;
  for (int i = 0; i < n; ++i) {
    hosts.push_back(table.host(std::to_string(i)));
    model.hosts[std::to_string(i)];
    badness.push_back(*rc::gen::inRange(0u, 101u));
  }
  auto bits = *rc::gen::arbitrary<std::uint64_t>() | 1;
  const auto random = [&](std::uint64_t below) {
    bits ^= bits << 13;
    bits ^= bits >> 7;
    bits ^= bits << 17;
    return (bits >> 11) % below;
  };
  TimePoint now = TimePoint() + 1h;
  table.sweep(now, [](const std::string&, bool) {});
  std::size_t ejections = 0;
  for (int step = 0; step < 10'000 && !model.close_call; ++step) {  // a hundred cases
    const auto i = static_cast<std::size_t>(random(static_cast<std::uint64_t>(n)));
    Model::Host& expected = model.hosts[std::to_string(i)];
    if (random(100) < badness[i]) {
      ++hosts[i]->failures;
      ++expected.bad;
    } else {
      ++hosts[i]->successes;
      ++expected.ok;
    }
    if (random(50) != 0) continue;
    now += 1s;
    if (random(5) == 0) badness[i] = static_cast<unsigned>(random(101));
    std::set<std::string> told;
    table.sweep(now, [&](const std::string& name, bool out) {
      told.insert(name);
      ejections += out ? 1 : 0;
    });
    model.sweep(now);
    if (model.close_call) break;
    for (std::size_t h = 0; h < hosts.size(); ++h) RC_ASSERT(hosts[h]->ejected == model.hosts[std::to_string(h)].out);
  }
  RC_TAG(ejections > 5 ? "many ejections" : ejections > 0 ? "some ejections" : "no ejection");
}

}  // namespace
}  // namespace pintle::balancing

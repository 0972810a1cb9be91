#include <pintle/client/balancing/internal/outlier_table.hpp>

#include <algorithm>
#include <cmath>

namespace pintle::balancing {

std::shared_ptr<OutlierTable::Host> OutlierTable::host(const std::string& name) {
  const std::lock_guard lock(mutex_);
  std::weak_ptr<Host>& known = hosts_[name];
  std::shared_ptr<Host> host = known.lock();
  if (host == nullptr) known = host = std::make_shared<Host>();
  return host;
}

void OutlierTable::sweep(TimePoint now, const Change& on_change) {
  const std::lock_guard lock(mutex_);
  if (!last_sweep_) last_sweep_ = now;
  if (now - *last_sweep_ < options_.interval) return;
  last_sweep_ = now;
  std::vector<Counted> hosts;
  out_ = 0;
  for (auto it = hosts_.begin(); it != hosts_.end();) {
    std::shared_ptr<Host> host = it->second.lock();
    if (host == nullptr) {
      it = hosts_.erase(it);
      continue;
    }
    out_ += host->ejected ? 1 : 0;
    const std::uint32_t successes = host->successes.exchange(0), failures = host->failures.exchange(0);
    hosts.push_back({&it->first, std::move(host), successes, failures});
    ++it;
  }
  if (options_.success_rate) judge_success_rates(hosts, now, on_change);
  if (options_.failure_percentage) judge_failures(hosts, now, on_change);
  bring_back(hosts, now, on_change);
}

void OutlierTable::judge_success_rates(std::vector<Counted>& hosts, TimePoint now, const Change& on_change) {
  const auto& rule = *options_.success_rate;
  std::vector<double> rates;
  for (const Counted& c : hosts)
    if (c.calls() >= std::max(1u, rule.request_volume)) rates.push_back(double{1} * c.successes / c.calls());
  if (rates.empty() || rates.size() < rule.minimum_hosts) return;
  double mean = 0, variance = 0;
  for (const double rate : rates) mean += rate / static_cast<double>(rates.size());
  for (const double rate : rates) variance += (rate - mean) * (rate - mean) / static_cast<double>(rates.size());
  const double least = mean - std::sqrt(variance) * rule.stdev_factor / 1000;
  for (Counted& c : hosts)
    if (c.calls() >= std::max(1u, rule.request_volume) && double{1} * c.successes / c.calls() < least)
      eject(c, hosts.size(), rule.enforcement_percentage, now, on_change);
}

void OutlierTable::judge_failures(std::vector<Counted>& hosts, TimePoint now, const Change& on_change) {
  const auto& rule = *options_.failure_percentage;
  const auto enough = [&](const Counted& c) { return c.calls() >= std::max(1u, rule.request_volume); };
  if (static_cast<std::size_t>(std::ranges::count_if(hosts, enough)) < rule.minimum_hosts) return;
  for (Counted& c : hosts)
    if (enough(c) && 100.0 * c.failures / c.calls() > rule.threshold)
      eject(c, hosts.size(), rule.enforcement_percentage, now, on_change);
}

void OutlierTable::eject(Counted& counted, std::size_t hosts, std::uint32_t enforcement, TimePoint now,
                         const Change& on_change) {
  Host& host = *counted.host;
  if (host.ejected) return;
  if (out_ > 0 && 100 * out_ >= std::size_t{options_.max_ejection_percent} * hosts) return;
  if (random_() * 100 >= enforcement) return;
  host.ejected_at = now;
  ++host.multiplier;
  ++out_;
  host.ejected = true;
  on_change(*counted.name, true);
}

void OutlierTable::bring_back(std::vector<Counted>& hosts, TimePoint now, const Change& on_change) {
  for (Counted& c : hosts) {
    Host& host = *c.host;
    if (!host.ejected) {
      if (host.multiplier > 0 && host.ejected_at != now) --host.multiplier;
      continue;
    }
    const Duration longest = std::max(options_.base_ejection_time, options_.max_ejection_time);
    const Duration time = host.multiplier > longest / std::max<Duration>(Duration(1), options_.base_ejection_time)
                              ? longest
                              : std::min(options_.base_ejection_time * host.multiplier, longest);
    if (host.ejected_at == now || now < host.ejected_at + time) continue;
    host.ejected = false;
    on_change(*c.name, false);
  }
}

}  // namespace pintle::balancing

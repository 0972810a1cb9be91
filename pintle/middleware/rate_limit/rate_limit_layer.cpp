#include <pintle/middleware/rate_limit/rate_limit_layer.hpp>

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/core.h>

#include <pintle/middleware/overload_status.hpp>
#include <pintle/middleware/rate_limit/rate_limiter.hpp>
#include <pintle/rpc/path_pattern.hpp>

namespace pintle {

// The buckets of a rule, which all methods share; made when the first is wrapped, because a clock belongs to them.
struct RateLimitLayer::Limit {
  explicit Limit(RateRule r) : rule(std::move(r)) {}
  RateLimiter& buckets(TimePoint now) {
    const std::lock_guard lock(mutex);
    if (!limiter) limiter.emplace(rule.per_second, rule.burst, rule.max_keys, now);
    return *limiter;
  }
  const RateRule rule;
  std::mutex mutex;
  std::optional<RateLimiter> limiter;
};

namespace {

// "ipv4:10.0.0.1:41234" without the port, which every connection has another of.
std::string_view host_of(std::string_view peer) {
  return peer.starts_with("unix") ? peer : peer.substr(0, peer.rfind(':'));
}

struct Counted {
  const RateRule* rule;
  RateLimiter* buckets;
  Counter refused;
};

class Rating final : public Handler {
 public:
  Rating(std::vector<Counted> rules, Handler& next) : rules_(std::move(rules)), next_(next) {}

  [[clang::coro_wrapper]] Task<Status> operator()(LayerCall& call) override {
    for (const Counted& counted : rules_) {
      const auto wait = take(counted, call);
      if (wait) return refuse(call, counted, *wait);
    }
    return next_(call);
  }

 private:
  static std::optional<Duration> take(const Counted& counted, const LayerCall& call) {
    const TimePoint now = call.loop().now();
    switch (counted.rule->key) {
      case RateRule::Key::all:
        return counted.buckets->take({}, now);
      case RateRule::Key::peer:
        return counted.buckets->take(host_of(call.peer()), now);
      case RateRule::Key::metadata:
        return counted.buckets->take(call.request_metadata.get(counted.rule->metadata_key).value_or(""), now);
      case RateRule::Key::principal:
        break;
    }
    const Identity& who = call.identity();
    if (who.issuer().empty()) return counted.buckets->take(who.subject(), now);
    return counted.buckets->take(who.issuer() + '\n' + who.subject(), now);
  }

  static Task<Status> refuse(LayerCall& call, const Counted& counted, Duration wait) {
    counted.refused.add();
    co_return overloaded(call, Code::resource_exhausted,
                         fmt::format("the rate limit '{}' is reached", counted.rule->name), wait);
  }

  const std::vector<Counted> rules_;
  Handler& next_;
};

}  // namespace

RateLimitLayer::RateLimitLayer(std::vector<RateRule> rules, std::vector<std::string> except)
    : limits_([&] {
        std::vector<std::unique_ptr<Limit>> made;
        for (RateRule& rule : rules) made.push_back(std::make_unique<Limit>(std::move(rule)));
        return made;
      }()),
      except_(std::move(except)) {}

RateLimitLayer::~RateLimitLayer() = default;

std::unique_ptr<Handler> RateLimitLayer::wrap(const Site& site, Handler& next) const {
  const auto matches = [&](const std::string& pattern) { return path_matches(pattern, site.method.path); };
  if (std::ranges::any_of(except_, matches)) return nullptr;
  std::vector<Counted> counted;
  for (const auto& limit : limits_) {
    if (!matches(limit->rule.pattern)) continue;
    const Counter refused =
        site.meters.counter({"pintle.rate_limit.refused", "{call}", "Calls that a rate limit refused.", {}},
                            {{"limit", std::string_view(limit->rule.name)}});
    counted.push_back({&limit->rule, &limit->buckets(site.clock->now()), refused});
  }
  if (counted.empty()) return nullptr;
  return std::make_unique<Rating>(std::move(counted), next);
}

}  // namespace pintle

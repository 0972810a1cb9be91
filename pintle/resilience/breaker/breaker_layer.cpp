#include <pintle/resilience/breaker/breaker_layer.hpp>

#include <algorithm>
#include <chrono>

#include <pintle/rpc/path_pattern.hpp>

namespace pintle {

namespace {

using Outcome = CircuitBreaker::Outcome;

// Tells the breaker how a call ended; one whose frame goes before its end says nothing.
class Permitted {
 public:
  Permitted(CircuitBreaker& breaker, CircuitBreaker::Permit permit, const LayerCall& call)
      : breaker_(breaker), permit_(permit), call_(call) {}
  Permitted(const Permitted&) = delete;
  ~Permitted() { breaker_.ended(permit_, outcome_, taken(), call_.loop().now()); }
  void ended(const Status& status) {
    const bool let_go = call_.cancelled() && call_.cause() != CancelCause::deadline && !status.ok();
    outcome_ = let_go ? Outcome::ignored : breaker_.judge(status.code());
  }

 private:
  Duration taken() const { return breaker_.options().slow_rate > 0 ? call_.elapsed() : Duration::zero(); }
  CircuitBreaker& breaker_;
  const CircuitBreaker::Permit permit_;
  const LayerCall& call_;
  Outcome outcome_ = Outcome::ignored;
};

class Breaking final : public Handler {
 public:
  Breaking(std::string target, std::string name, CircuitBreaker& breaker, Counter refused, Handler& next)
      : target_(std::move(target)), name_(std::move(name)), breaker_(breaker), refused_(refused), next_(next) {}

  Task<Status> operator()(LayerCall& call) override {
    const auto permit = breaker_.admit(call.loop().now());
    if (!permit) {
      refused_.add();
      co_return refusal(call.loop().now());
    }
    Permitted permitted(breaker_, *permit, call);
    Status status = co_await next_(call);
    permitted.ended(status);
    co_return status;
  }

 private:
  Status refusal(TimePoint now) const {
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(breaker_.opens_in(now));
    return Status(Code::unavailable,
                  fmt::format("the circuit breaker '{}' of {} is {}{}", name_, target_, state_name(breaker_.state()),
                              wait.count() > 0 ? fmt::format(", the next call is let through in {} ms", wait.count())
                                               : std::string()),
                  Origin::library);
  }

  const std::string target_, name_;
  CircuitBreaker& breaker_;
  const Counter refused_;
  Handler& next_;
};

}  // namespace

BreakerLayer::BreakerLayer(std::string target, std::vector<BreakerRule> rules)
    : target_(std::move(target)), rules_(std::move(rules)) {}

BreakerLayer::~BreakerLayer() = default;

CircuitBreaker* BreakerLayer::find(std::string_view breaker) const {
  const std::lock_guard lock(mutex_);
  const auto found = breakers_.find(breaker);
  return found != breakers_.end() ? found->second.get() : nullptr;
}

std::vector<std::string> BreakerLayer::breakers() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  names.reserve(breakers_.size());
  for (const auto& [name, breaker] : breakers_) names.push_back(name);
  return names;
}

CircuitBreaker& BreakerLayer::breaker(const std::string& name, const BreakerOptions& options, const Site& site) const {
  const std::lock_guard lock(mutex_);
  if (const auto found = breakers_.find(name); found != breakers_.end()) return *found->second;
  const std::initializer_list<Field> whose = {{"server.address", std::string_view(target_)},
                                              {"breaker", std::string_view(name)}};
  const Gauge state =
      site.meters.gauge({"pintle.client.breaker.state", "1", "0 closed, 1 open, 2 half-open, 3 isolated.", {}}, whose);
  state.set(0);
  auto on_change = [log = site.log.with(whose), meters = site.meters, state, target = target_, name](
                       CircuitBreaker::State from, CircuitBreaker::State to) {
    state.set(static_cast<double>(to));
    meters
        .counter(
            {"pintle.client.breaker.changes", "{change}", "Changes of a circuit breaker's state.", {}},
            {{"server.address", std::string_view(target)}, {"breaker", std::string_view(name)}, {"to", state_name(to)}})
        .add();
    log.log(to == CircuitBreaker::State::open ? Level::warn : Level::info, "circuit breaker",
            {{"from", state_name(from)}, {"to", state_name(to)}});
  };
  return *breakers_.emplace(name, std::make_unique<CircuitBreaker>(options, std::move(on_change))).first->second;
}

std::unique_ptr<Handler> BreakerLayer::wrap(const Site& site, Handler& next) const {
  if (site.side != Side::client) return nullptr;
  const auto rule =
      std::ranges::find_if(rules_, [&](const BreakerRule& r) { return path_matches(r.pattern, site.method.path); });
  if (rule == rules_.end()) return nullptr;
  std::string name = rule->per_method ? fmt::format("{}:{}", rule->name, site.method.path) : rule->name;
  const Counter refused =
      site.meters.counter({"pintle.client.breaker.refused", "{call}", "Calls that a circuit breaker refused.", {}},
                          {{"server.address", std::string_view(target_)}, {"breaker", std::string_view(name)}});
  CircuitBreaker& made = breaker(name, rule->options, site);
  return std::make_unique<Breaking>(target_, std::move(name), made, refused, next);
}

}  // namespace pintle

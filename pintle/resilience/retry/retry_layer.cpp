#include <pintle/resilience/retry/retry_layer.hpp>

#include <algorithm>

#include <pintle/async/task.hpp>
#include <pintle/resilience/internal/attempt.hpp>
#include <pintle/resilience/internal/attempts_status.hpp>
#include <pintle/resilience/internal/retry_metrics.hpp>
#include <pintle/rpc/path_pattern.hpp>

namespace pintle {

namespace {

using resilience::Attempt;

class Retrying final : public Handler {
 public:
  Retrying(const Site& site, const std::optional<RetryPolicy>& policy, const RetryOptions& options, Handler& next)
      : policy_(policy),
        throttle_(options.throttle),
        limits_(options.limits),
        random_(site.random),
        accounts_(site.loops),
        metrics_(site, options.target),
        next_(next) {}

  Task<Status> operator()(LayerCall& call) override {
    Replay replay(call, limits_, accounts_[call]);
    RetryMachine machine(policy_ ? &*policy_ : nullptr, throttle_.get());
    Duration waited{};
    for (int number = 1;; ++number) {
      Status status;
      std::optional<Duration> delay;
      {
        Attempt attempt(call, replay, number, machine.previous_attempts(),
                        policy_ ? policy_->per_attempt_timeout : std::nullopt);
        LayerCall& inner = attempt.call();
        status = co_await next_(inner).in({&call.loop(), &inner.scope, &inner});
        if (!call.cancelled()) delay = machine.next(attempt.end(status), random_);
        if (!delay) {
          inner.chosen();
          if (number > 1) tell(machine, number, waited);
          co_return resilience::after_attempts(std::move(status), number, nullptr);
        }
      }
      if (*delay > Duration::zero()) {
        const TimePoint began = call.loop().now();
        (void)co_await sleep_for(*delay);
        waited += call.loop().now() - began;
      }
      if (call.cancelled()) {
        tell(machine, number, waited);
        co_return resilience::after_attempts(call.scope.status(), number, &status);
      }
    }
  }

 private:
  // `number` attempts have been made.
  void tell(const RetryMachine& machine, int number, Duration waited) const {
    const int again = number - 1;
    const int counted = std::min(again, machine.previous_attempts());
    metrics_.retried(counted, again - counted, waited);
  }

  const std::optional<RetryPolicy> policy_;
  const std::shared_ptr<RetryThrottle> throttle_;
  const ReplayLimits limits_;
  const Random random_;
  const PerLoop<ReplayAccount> accounts_;
  const resilience::RetryMetrics metrics_;
  Handler& next_;
};

}  // namespace

RetryLayer::RetryLayer(RetryOptions options) : options_(std::move(options)) {}

std::unique_ptr<Handler> RetryLayer::wrap(const Site& site, Handler& next) const {
  const auto matches = [&](const std::string& pattern) { return path_matches(pattern, site.method.path); };
  if (site.side != Side::client) return nullptr;
  const auto rule = std::ranges::find_if(options_.rules, [&](const RetryRule& r) { return matches(r.pattern); });
  if (rule != options_.rules.end() && rule->leave) return nullptr;
  std::optional<RetryPolicy> policy;
  if (rule != options_.rules.end() && (!rule->only_idempotent || site.method.idempotency != Idempotency::unknown))
    policy = rule->policy;
  return std::make_unique<Retrying>(site, policy, options_, next);
}

}  // namespace pintle

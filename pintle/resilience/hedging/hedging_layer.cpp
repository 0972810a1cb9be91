#include <pintle/resilience/hedging/hedging_layer.hpp>

#include <algorithm>
#include <array>
#include <optional>

#include <pintle/async/event.hpp>
#include <pintle/async/first_of.hpp>
#include <pintle/async/nursery.hpp>
#include <pintle/resilience/internal/attempt.hpp>
#include <pintle/resilience/internal/attempts_status.hpp>
#include <pintle/resilience/internal/retry_metrics.hpp>
#include <pintle/rpc/path_pattern.hpp>

namespace pintle {

namespace {

using resilience::Attempt;

// What all hedged calls of a method share.
struct Hedged {
  HedgingPolicy policy;
  std::shared_ptr<RetryThrottle> throttle;
  std::shared_ptr<HedgeBudget> budget;
  resilience::RetryMetrics metrics;
  Handler& next;
};

struct Hedge {
  Hedge(LayerCall& call, Replay& replay, int number) : attempt(call, replay, number, number - 1, std::nullopt) {}
  Attempt attempt;
  std::optional<Status> status;  // when it has ended
};

// The attempts of one call. Lives in the handler's frame.
class Hedges {
 public:
  Hedges(const Hedged& shared, LayerCall& call, Replay& replay, const Env& env)
      : shared_(shared), call_(call), replay_(replay), env_(env), next_at_(call.loop().now()) {}

  Task<Status> run() {
    while (winner_ == nullptr && !call_.cancelled()) {
      if (wants_more() && next_at_ <= call_.loop().now()) {
        start();
        continue;
      }
      if (running_ == 0 && !wants_more()) break;
      news_.reset();
      if (wants_more())
        co_await first_of(news_.wait(), sleep_for(next_at_ - call_.loop().now()));
      else
        (void)co_await news_.wait();
    }
    // Those who lost end by themselves from here.
    for (auto& hedge : hedges_)
      if (hedge && !hedge->status && &*hedge != winner_)
        hedge->attempt.call().scope.cancel(Status(Code::cancelled, "another attempt came first", Origin::library),
                                           CancelCause::superseded);
    co_await nursery_.join();
    shared_.metrics.hedged(started_ - 1);
    if (call_.cancelled() && (winner_ == nullptr || !winner_->attempt.call().facts.committed))
      co_return resilience::after_attempts(call_.scope.status(), started_, nullptr);
    Hedge& told = winner_ != nullptr ? *winner_ : *last_;
    told.attempt.call().chosen();
    co_return *told.status;
  }

 private:
  bool wants_more() const { return !enough_ && started_ < shared_.policy.attempts() && !replay_.committed(); }

  void start() {
    next_at_ = call_.loop().now() + shared_.policy.delay;
    if (started_ > 0) {
      if ((shared_.throttle != nullptr && !shared_.throttle->allows()) ||
          (shared_.budget != nullptr && !shared_.budget->spend())) {
        enough_ = true;
        return;
      }
    }
    Hedge& hedge = hedges_[started_].emplace(call_, replay_, started_ + 1);
    ++started_;
    ++running_;
    LayerCall& inner = hedge.attempt.call();
    nursery_.spawn({env_.loop, &inner.scope, &inner}, attempt(hedge));
  }

  Task<void> attempt(Hedge& hedge) {
    Status status = co_await shared_.next(hedge.attempt.call());
    ended(hedge, hedge.status.emplace(std::move(status)));
  }

  void ended(Hedge& hedge, const Status& status) {
    --running_;
    news_.set();
    if (winner_ != nullptr || hedge.attempt.call().cause() == CancelCause::superseded) return;
    last_ = &hedge;
    const AttemptEnd end = hedge.attempt.end(status);
    const bool unseen = end.opened && !end.processed;
    if (status.ok() || hedge.attempt.call().facts.committed || end.dropped ||
        (!unseen && !shared_.policy.non_fatal.has(end.code))) {
      winner_ = &hedge;
      if (status.ok() && shared_.throttle != nullptr) shared_.throttle->succeeded();
      return;
    }
    if (!unseen && shared_.throttle != nullptr && !shared_.throttle->failed()) enough_ = true;
    next_at_ = call_.loop().now();
    if (end.pushback.kind == Pushback::Kind::stop) enough_ = true;
    if (end.pushback.kind == Pushback::Kind::wait) next_at_ += end.pushback.delay;
  }

  const Hedged& shared_;
  LayerCall& call_;
  Replay& replay_;
  const Env env_;
  TimePoint next_at_;
  Event news_;
  std::array<std::optional<Hedge>, HedgingPolicy::kMostAttempts> hedges_;
  Nursery nursery_;
  int started_ = 0, running_ = 0;
  bool enough_ = false;
  Hedge* winner_ = nullptr;
  Hedge* last_ = nullptr;  // that ended
};

class Hedging final : public Handler {
 public:
  Hedging(const Site& site, Hedged shared, const ReplayLimits& limits)
      : shared_(std::move(shared)), limits_(limits), accounts_(site.loops) {}

  Task<Status> operator()(LayerCall& call) override {
    if (shared_.budget != nullptr) shared_.budget->called();
    const Env env = co_await current_env();
    Replay replay(call, limits_, accounts_[call]);
    Hedges hedges(shared_, call, replay, env);
    co_return co_await hedges.run();
  }

 private:
  const Hedged shared_;
  const ReplayLimits limits_;
  const PerLoop<ReplayAccount> accounts_;
};

}  // namespace

std::unique_ptr<Handler> HedgingLayer::wrap(const Site& site, Handler& next) const {
  if (site.side != Side::client) return nullptr;
  const auto rule = std::ranges::find_if(
      options_.rules, [&](const HedgingRule& r) { return path_matches(r.pattern, site.method.path); });
  if (rule == options_.rules.end() || rule->policy.attempts() == 1) return nullptr;
  return std::make_unique<Hedging>(
      site,
      Hedged{rule->policy, options_.throttle, options_.budget, resilience::RetryMetrics(site, options_.target), next},
      options_.limits);
}

}  // namespace pintle

#include <stdexcept>
#include <thread>

#include "callers.hpp"
#include <pintle/async/first_of.hpp>
#include <pintle/async/sync_wait.hpp>
#include <pintle/client/service_config.hpp>
#include <pintle/rpc/client_calls.hpp>
#include <pintle/rpc/codegen.hpp>
#include <pintle/rpc/test_support/text.hpp>

namespace pintle::chaos {

namespace {

using test::Text;

constexpr MethodInfo kTwice = {.path = "/chaos.v1.Chaos/Twice",
                               .service = "chaos.v1.Chaos",
                               .name = "Twice",
                               .idempotency = Idempotency::idempotent,
                               .request = &type_of<Text>,
                               .response = &type_of<Text>};
constexpr MethodInfo kOnce = {.path = "/chaos.v1.Chaos/Once",
                              .service = "chaos.v1.Chaos",
                              .name = "Once",
                              .request = &type_of<Text>,
                              .response = &type_of<Text>};

RuntimeOptions one_thread() {
  RuntimeOptions options;
  options.threads = 1;
  return options;
}

}  // namespace

ChannelOptions resilient(bool throttled) {
  ChannelOptions options;
  options.backoff.initial = std::chrono::milliseconds(50);
  options.backoff.max = std::chrono::milliseconds(200);
  RetryPolicy policy;
  policy.max_attempts = 5;
  policy.initial_backoff = std::chrono::milliseconds(50);
  policy.max_backoff = std::chrono::milliseconds(400);
  Resilience resilience;
  resilience.retry = policy;
  if (throttled) resilience.throttling = RetryThrottling{10, 0.1};
  apply(ServiceConfig(), options, resilience);
  return options;
}

Callers::Callers(const std::string& target, ChannelOptions options, Ledger& ledger)
    : runtime_(one_thread()), ledger_(ledger) {
  runtime_.start();
  auto made = make_channel(runtime_, target, std::move(options));
  if (!made) throw std::runtime_error(made.error().to_string());
  channel_ = std::move(*made);
}

Callers::~Callers() {
  end();
  channel_.reset();
  // What the channel left to be done.
  sync_wait(runtime_.loop(0), []() -> Task<void> { co_await sleep_for(std::chrono::milliseconds(50)); }());
  runtime_.stop();
  runtime_.join();
}

Status Callers::call(bool once, const CallOptions& options) {
  const std::uint64_t number = ledger_.begin(once);
  const MethodInfo& method = once ? kOnce : kTwice;
  const Text request(std::to_string(number));
  const auto began = std::chrono::steady_clock::now();
  const auto answer = sync_wait(
      runtime_.loop(0), codegen::unary_call<Text, Text>(channel_, channel_->method(method), method, request, options));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const Status status = answer ? Status() : answer.error();
  ledger_.ended(number, status, answer ? answer->value : "", seconds);
  return status;
}

void Callers::begin(int callers, const Way& way) {
  ends_ = false;
  for (int i = 0; i < callers; ++i) {
    ++running_;
    runtime_.loop(0).post([this, way, i] {
      [](Callers& self, Way how, int seed) -> Root {
        co_await self.caller(how, static_cast<std::uint64_t>(seed) * 7919 + 1);
        --self.running_;
      }(*this, way, i)
                                                  .start({&runtime_.loop(0), nullptr, nullptr});
    });
  }
}

void Callers::end() {
  ends_ = true;
  while (running_ > 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

Task<void> Callers::caller(Way way, std::uint64_t seed) {
  const auto drawn = [&seed] {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return static_cast<double>(seed >> 11) / static_cast<double>(1ULL << 53);
  };
  while (!ends_) {
    const bool once = drawn() < way.once_share;
    const std::uint64_t number = ledger_.begin(once);
    const MethodInfo& method = once ? kOnce : kTwice;
    const Text request(std::to_string(number));
    const auto began = std::chrono::steady_clock::now();
    const CallOptions options = CallOptions().timeout(way.timeout).wait_for_ready(way.wait_for_ready);
    if (drawn() < way.cancel_share) {
      const Duration patience = std::chrono::microseconds(static_cast<std::int64_t>(drawn() * 100));
      auto first = co_await first_of(
          codegen::unary_call<Text, Text>(channel_, channel_->method(method), method, request, options),
          sleep_for(patience));
      if (first.index() == 1) {
        ++let_go_;
        ledger_.ended(number, Status(Code::cancelled, "let go"), "", 0);
        continue;
      }
      auto& answer = std::get<0>(first);
      ledger_.ended(number, answer ? Status() : answer.error(), answer ? answer->value : "", 0);
      continue;
    }
    const auto answer =
        co_await codegen::unary_call<Text, Text>(channel_, channel_->method(method), method, request, options);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    ledger_.ended(number, answer ? Status() : answer.error(), answer ? answer->value : "", seconds);
    if (way.pause > Duration::zero()) co_await sleep_for(way.pause);
  }
}

}  // namespace pintle::chaos

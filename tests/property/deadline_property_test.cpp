// Property 16: a deadline holds everywhere, and shrinks on its way.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "stream_service.hpp"
#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle::property {
namespace {

using testing::InMemoryServer;

// Calls itself `count` times over, each hop through a channel of its own.
class Relay final : public v1::Stream::Service {
 public:
  v1::Stream::Stub* next = nullptr;
  std::vector<Duration> remaining;

  Task<Result<Number>> Once(Call& call, const Plan& plan) override {
    const Env env = co_await current_env();
    remaining.push_back(call.deadline().remaining(env.loop->now()));
    if (plan.count() == 0) {
      Status slept = co_await sleep_for(std::chrono::microseconds(plan.delay_us()));
      if (!slept.ok()) co_return std::unexpected(slept);
      co_return Number();
    }
    Status slept = co_await sleep_for(std::chrono::microseconds(plan.delay_us() / 10));
    if (!slept.ok()) co_return std::unexpected(slept);
    Plan onward = plan;
    onward.set_count(plan.count() - 1);
    co_return co_await next->Once(onward, CallOptions().timeout(std::chrono::hours(1)));
  }
};

Task<std::pair<Status, TimePoint>> once(v1::Stream::Stub& stub, Plan plan, Duration timeout) {
  auto answer = co_await stub.Once(plan, CallOptions().timeout(timeout));
  const Env env = co_await current_env();
  co_return {answer ? Status() : answer.error(), env.loop->now()};
}

RC_GTEST_PROP(Property16_DeadlineEnforcement, NoCallOutlivesItAndEveryHopHasLess, ()) {
  const auto timeout = std::chrono::microseconds(*rc::gen::inRange(1, 200'000));
  Plan plan;
  plan.set_count(*rc::gen::inRange(0, 5));
  plan.set_delay_us(*rc::gen::inRange(0, 200'000));

  Relay relay;
  InMemoryServer host;
  RC_ASSERT(host.server().add(relay).ok());
  v1::Stream::Stub stub(host.channel());
  relay.next = &stub;

  const TimePoint start = host.loop().now();
  auto [status, end] = host.loop().run(once(stub, plan, timeout));
  RC_ASSERT(end <= start + timeout);
  if (!status.ok()) {
    RC_LOG() << status.to_string();
    RC_ASSERT(status.code() == Code::deadline_exceeded);
    RC_ASSERT(end == start + timeout);
  } else {
    RC_ASSERT(end - start >= std::chrono::microseconds(plan.delay_us()));
  }
  for (std::size_t i = 0; i < relay.remaining.size(); ++i) {
    RC_ASSERT(relay.remaining[i] <= timeout);
    if (i > 0) RC_ASSERT(relay.remaining[i] <= relay.remaining[i - 1]);
  }
  host.loop().advance(std::chrono::seconds(1));
}

Task<std::pair<int, Status>> down(v1::Stream::Stub& stub, Plan plan, Duration timeout) {
  auto stream = co_await stub.Down(plan, CallOptions().timeout(timeout));
  for (int n = 0;; ++n) {
    auto number = co_await stream.read();
    if (!number) co_return {n, number.error()};
    if (*number == nullptr) co_return {n, Status()};
  }
}

RC_GTEST_PROP(Property16_DeadlineEnforcement, AStreamEndsAtItToo, ()) {
  const auto timeout = std::chrono::milliseconds(*rc::gen::inRange(1, 100));
  Plan plan;
  plan.set_count(*rc::gen::inRange(1, 60));
  plan.set_delay_us(*rc::gen::element(0, 900, 1000, 5000));
  StreamService service;
  InMemoryServer host;
  RC_ASSERT(host.server().add(service).ok());
  v1::Stream::Stub stub(host.channel());
  const TimePoint start = host.loop().now();
  auto [came, status] = host.loop().run(down(stub, plan, timeout));
  RC_ASSERT(host.loop().now() <= start + timeout);
  const bool fits = std::chrono::microseconds(plan.delay_us()) * plan.count() < timeout;
  if (fits) RC_ASSERT(status.ok());
  if (!status.ok()) RC_ASSERT(status.code() == Code::deadline_exceeded);
  host.loop().advance(std::chrono::seconds(1));
  RC_ASSERT(service.started == service.ended);
}

}  // namespace
}  // namespace pintle::property

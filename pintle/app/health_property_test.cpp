// Property 4: whatever the dependencies do, Check, Watch and List tell what the rule says.
#include <optional>
#include <string>
#include <vector>

#include <grpc/health/v1/health.pintle.hpp>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <pintle/app/health_rule.hpp>
#include <pintle/app/internal/own_services.hpp>
#include <pintle/config/v1/server.pb.h>
#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;
using grpc::health::v1::HealthListRequest;
using Stub = grpc::health::v1::Health::Stub;

// A service of the application: a name, and no methods.
struct Named final : Service {
  explicit Named(std::string_view name) : about{.name = name, .file = "test.proto", .methods = {}} {}
  const ServiceInfo& info() const override { return about; }
  std::unique_ptr<Handler> handler(std::size_t) override { return nullptr; }
  ServiceInfo about;
};

constexpr std::string_view kServices[] = {"a.A", "b.B"};

// The rule again, in other words.
bool expected(std::string_view name, bool serving, const std::vector<std::unique_ptr<Dependency>>& dependencies) {
  if (name == "liveness") return true;
  if (!serving) return false;
  for (const auto& d : dependencies) {
    const auto& named = d->options().services;
    bool needed = named.empty();
    for (const std::string& n : named) needed = needed || n == name;
    if (needed && d->options().critical && !d->state().get()->ok()) return false;
  }
  return true;
}

struct Watcher {
  std::string name;
  std::vector<HealthCheckResponse::ServingStatus> told;
  std::optional<testing::Running<Status>> running;
};

Task<Status> watch(Stub& stub, Watcher& watcher) {
  HealthCheckRequest request;
  request.set_service(watcher.name);
  auto stream = co_await stub.Watch(request);
  for (;;) {
    auto response = co_await stream.read();
    if (!response) co_return response.error();
    if (*response == nullptr) co_return Status();
    watcher.told.push_back((*response)->status());
  }
}

RC_GTEST_PROP(Property4HealthProtocol, CheckWatchAndListAgreeWithTheRule, ()) {
  testing::InMemoryServer server;
  Named a(kServices[0]), b(kServices[1]);
  RC_ASSERT(server.server().add(a).ok());
  RC_ASSERT(server.server().add(b).ok());
  config::v1::Server settings;
  settings.set_health(true);
  OwnServices telling;
  for (Service* service : telling.make(settings, server.server().services()))
    RC_ASSERT(server.server().add(*service).ok());

  std::vector<Status> answers(*rc::gen::inRange<std::size_t>(0, 4));
  std::vector<std::unique_ptr<Dependency>> dependencies;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    DependencyOptions options;
    options.critical = *rc::gen::weightedElement<bool>({{3, true}, {1, false}});
    options.failures = *rc::gen::inRange(1, 3);
    options.successes = *rc::gen::inRange(1, 3);
    for (const std::string_view service : kServices)
      if (*rc::gen::inRange(0, 4) == 0) options.services.emplace_back(service);
    dependencies.push_back(std::make_unique<Dependency>(
        "d" + std::to_string(i), [&answers, i]() -> Task<Status> { co_return answers[i]; }, options));
  }

  Lifecycle lifecycle;
  Stub stub(server.channel());
  telling.tell(lifecycle, dependencies);
  std::vector<Watcher> watchers;
  for (const std::string_view name : {"", "readiness", "liveness", "a.A", "b.B"})
    watchers.push_back({.name = std::string(name), .told = {}, .running = {}});
  for (Watcher& w : watchers) w.running.emplace(server.loop().start(watch(stub, w)));

  const auto agree = [&] {
    server.loop().run_until_idle();
    const auto list = server.loop().run(stub.List(HealthListRequest()));
    RC_ASSERT(list.has_value());
    for (const Watcher& w : watchers) {
      const auto want = expected(w.name, lifecycle.phase() == Phase::serving, dependencies)
                            ? HealthCheckResponse::SERVING
                            : HealthCheckResponse::NOT_SERVING;
      HealthCheckRequest request;
      request.set_service(w.name);
      const auto checked = server.loop().run(stub.Check(request));
      RC_ASSERT(checked.has_value());
      RC_ASSERT(checked->status() == want);
      RC_ASSERT(list->statuses().at(w.name).status() == want);
      RC_ASSERT(!w.told.empty());
      // Who watches is told that the process ends, also of what lives on.
      if (!lifecycle.draining()) RC_ASSERT(w.told.back() == want);
      for (std::size_t i = 1; i < w.told.size(); ++i) RC_ASSERT(w.told[i] != w.told[i - 1]);
    }
  };
  agree();
  lifecycle.enter(Phase::serving);
  telling.tell(lifecycle, dependencies);
  agree();
  for (int step = *rc::gen::inRange(0, 12); step > 0 && !dependencies.empty(); --step) {
    const auto i = *rc::gen::inRange<std::size_t>(0, dependencies.size());
    answers[i] = *rc::gen::arbitrary<bool>() ? Status() : Status(Code::unavailable, "down");
    server.loop().run(dependencies[i]->check());
    telling.tell(lifecycle, dependencies);
    agree();
  }
  lifecycle.enter(Phase::draining);
  telling.tell(lifecycle, dependencies);
  agree();
  for (Watcher& w : watchers) {
    RC_ASSERT(w.told.back() == HealthCheckResponse::NOT_SERVING);
    RC_ASSERT(w.running->done());
    RC_ASSERT(w.running->get().ok());
  }
}

}  // namespace
}  // namespace pintle

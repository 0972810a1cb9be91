// Properties 7 and 19: traces over any number of hops, and every call counted once.
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "stream_service.hpp"
#include <pintle/telemetry/metrics/metric_registry.hpp>
#include <pintle/telemetry/metrics/rpc_metrics_layer.hpp>
#include <pintle/telemetry/test_support/kept_spans.hpp>
#include <pintle/telemetry/tracing/tracing_layer.hpp>
#include <pintle/testing/kit/in_memory_server.hpp>

namespace pintle::property {
namespace {

using testing::InMemoryServer;

// Calls itself as often as the plan says.
class Hops final : public v1::Stream::Service {
 public:
  v1::Stream::Stub* stub = nullptr;
  Task<Result<Number>> Once(Call&, const Plan& plan) override {
    Number number;
    if (plan.count() > 0) {
      Plan next = plan;
      next.set_count(plan.count() - 1);
      auto below = co_await stub->Once(next);
      if (!below) co_return below.error();
      number.set_value(below->value() + 1);
    }
    co_return number;
  }
  Task<Status> Down(Call&, const Plan&, Writer<Number>&) override { co_return Status(); }
  Task<Result<Tally>> Up(Call&, Reader<Number>&) override { co_return Tally(); }
  Task<Status> Both(Call&, Reader<Number>&, Writer<Number>&) override { co_return Status(); }
};

struct Given {
  std::string traceparent;  // empty: none
  std::optional<TraceContext> means;
};

Given any_parent() {
  TraceContext context;
  context.trace_high = *rc::gen::arbitrary<std::uint64_t>();
  context.trace_low = *rc::gen::inRange<std::uint64_t>(1, UINT64_MAX);
  context.span = *rc::gen::inRange<std::uint64_t>(1, UINT64_MAX);
  context.sampled = *rc::gen::weightedElement<bool>({{4, true}, {1, false}});
  std::string text = format_traceparent(context);
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      return {"", std::nullopt};
    case 1: {  // one character is another
      const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
      text[at] = *rc::gen::element('g', 'X', '_', '*', '~');
      return {text, std::nullopt};
    }
    default:
      return {text, context};
  }
}

RC_GTEST_PROP(Property7TraceContextPropagation, KeepsTheTraceAndTheParentageOverAnyNumberOfHops, ()) {
  test::KeptSpans kept;
  InMemoryServer server;
  const auto tracer = std::make_shared<Tracer>(Sampler(), &kept, server.loop().clock(), [] { return 0.5; });
  const auto layer = std::make_shared<TracingLayer>(tracer, Propagation());
  Hops service;
  RC_ASSERT(server.server().add(service).ok());
  server.server().add_layer(layer);
  ChannelOptions options;
  options.layers = {layer};
  v1::Stream::Stub stub(server.channel(options));
  service.stub = &stub;

  const int hops = *rc::gen::inRange(0, 6);
  const Given given = any_parent();
  Plan plan;
  plan.set_count(hops);
  CallOptions call;
  if (!given.traceparent.empty()) call.metadata("traceparent", given.traceparent).metadata("tracestate", "a=1");
  const auto number = server.loop().run(stub.Once(plan, call));
  RC_ASSERT(number.has_value());
  RC_ASSERT(number->value() == hops);

  // The outermost client's span does not know of metadata that its caller wrote; all below hang on those.
  std::map<std::uint64_t, const SpanData*> by_id;
  for (const auto& span : kept.spans) by_id[span->context.span] = span.get();
  const bool recorded = !given.means || given.means->sampled;
  RC_ASSERT(kept.spans.size() == (recorded ? 2 * static_cast<std::size_t>(hops) + 2 : 1));
  if (!recorded) return;
  const SpanData* first = nullptr;  // the server's span whose caller is not ours, where there is such a caller
  int servers = 0, deepest = 0;
  for (const auto& span : kept.spans) {
    if (span->kind != SpanKind::server) continue;
    ++servers;
    if (!by_id.contains(span->parent)) first = span.get();
    int depth = 0;
    const SpanData* at = span.get();
    for (auto above = by_id.find(at->parent); above != by_id.end(); above = by_id.find(at->parent)) {
      RC_ASSERT(above->second->kind != at->kind);  // servers are called by clients, which servers run
      RC_ASSERT(above->second->context.trace_id() == at->context.trace_id());
      at = above->second;
      ++depth;
    }
    deepest = std::max(deepest, depth);
  }
  RC_ASSERT(servers == hops + 1);
  RC_ASSERT(deepest >= 2 * hops);
  if (!given.traceparent.empty()) RC_ASSERT(first != nullptr);
  if (given.means) {
    RC_ASSERT(first->context.trace_id() == given.means->trace_id());
    RC_ASSERT(first->parent == given.means->span);
    RC_ASSERT(first->context.state == "a=1");
  } else if (!given.traceparent.empty()) {
    RC_ASSERT(first->context.trace_id() != given.traceparent.substr(3, 32));
  }
}

RC_GTEST_PROP(Property7TraceContextPropagation, EachWayToWriteItCrossesTheWire, ()) {
  const std::string way = *rc::gen::element<std::string>("tracecontext", "b3", "b3multi", "grpc-trace-bin");
  test::KeptSpans kept;
  InMemoryServer server;
  const auto tracer = std::make_shared<Tracer>(Sampler(), &kept, server.loop().clock(), [] { return 0.5; });
  const auto layer = std::make_shared<TracingLayer>(tracer, Propagation::of(std::vector{way}).value());
  Hops service;
  RC_ASSERT(server.server().add(service).ok());
  server.server().add_layer(layer);
  ChannelOptions options;
  options.layers = {layer};
  v1::Stream::Stub stub(server.channel(options));
  service.stub = &stub;
  RC_ASSERT(server.loop().run(stub.Once(Plan())).has_value());
  RC_ASSERT(kept.spans.size() == 2u);
  RC_ASSERT(kept.at(0).parent == kept.at(1).context.span);
  RC_ASSERT(kept.at(0).context.trace_id() == kept.at(1).context.trace_id());
}

double total(const std::vector<MetricFamily>& families, std::string_view name, std::string_view key,
             std::string_view value) {
  double sum = 0;
  for (const MetricFamily& family : families) {
    if (family.name != name) continue;
    for (const MetricPoint& point : family.points)
      for (const auto& [k, v] : point.attributes)
        if (k == key && (value.empty() || v == value))
          sum += family.kind == MetricKind::histogram ? static_cast<double>(point.count) : point.value;
  }
  return sum;
}

RC_GTEST_PROP(Property19MetricsRecorded, EveryCallIsCountedOnceHoweverItEnds, ()) {
  MetricRegistry of_server, of_client;
  ServerOptions options;
  options.meters = Meters(&of_server);
  InMemoryServer server(options);
  StreamService service;
  RC_ASSERT(server.server().add(service).ok());
  server.server().add_layer(std::make_shared<RpcMetricsLayer>());
  ChannelOptions channel;
  channel.meters = Meters(&of_client);
  channel.layers = {std::make_shared<RpcMetricsLayer>()};
  v1::Stream::Stub stub(server.channel(channel));

  std::map<Code, int> seen;  // by the caller
  const int calls = *rc::gen::inRange(0, 12);
  for (int i = 0; i < calls; ++i) {
    Plan plan;
    plan.set_count(*rc::gen::inRange(0, 4));
    plan.set_delay_us(*rc::gen::element(0, 0, 500, 5000));
    plan.set_code(*rc::gen::element(0, 0, 3, 5, 13, 14));
    plan.set_throws(*rc::gen::inRange(0, 6) == 0);
    CallOptions call;
    if (*rc::gen::inRange(0, 4) == 0) call.timeout(std::chrono::microseconds(*rc::gen::inRange(1, 3000)));
    const int kind = *rc::gen::inRange(0, 3);
    const auto make = [&]() -> Task<Status> {
      if (kind == 0) {
        auto once = co_await stub.Once(plan, call);
        co_return once ? Status() : once.error();
      }
      auto down = co_await stub.Down(plan, call);
      for (;;) {
        auto number = co_await down.read();
        if (!number) co_return number.error();
        if (*number == nullptr) co_return Status();
      }
    };
    if (kind == 2) {  // the caller lets go of it
      auto running = server.loop().start(make());
      running.cancel();
      server.loop().run_until_idle();
      ++seen[running.get().code()];
    } else {
      ++seen[server.loop().run(make()).code()];
    }
  }
  server.loop().advance(std::chrono::seconds(1));

  const auto client = of_client.gather(), here = of_server.gather();
  double client_total = 0;
  for (const auto& [code, count] : seen) {
    RC_ASSERT(total(client, "grpc.client.call.duration", "grpc.status", code_name(code)) == count);
    RC_ASSERT(total(client, "rpc.client.call.duration", "rpc.response.status_code", code_name(code)) == count);
    client_total += count;
  }
  RC_ASSERT(total(client, "grpc_client_started_total", "grpc_type", "") == client_total);
  RC_ASSERT(total(client, "grpc_client_handled_total", "grpc_code", "") == client_total);
  // What the caller cancelled before it left never came.
  const double started = total(here, "grpc_server_started_total", "grpc_type", "");
  RC_ASSERT(started <= calls);
  RC_ASSERT(started >= service.started);
  RC_ASSERT(total(here, "grpc.server.call.started", "grpc.method", "") == started);
  RC_ASSERT(total(here, "grpc_server_handled_total", "grpc_code", "") == started);
  RC_ASSERT(total(here, "grpc.server.call.duration", "grpc.status", "") == started);
  RC_ASSERT(total(here, "rpc.server.call.duration", "rpc.response.status_code", "") == started);
}

}  // namespace
}  // namespace pintle::property

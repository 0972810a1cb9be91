#include <pintle/telemetry/tracing/tracing_layer.hpp>

#include <gmock/gmock.h>

#include <pintle/telemetry/test_support/kept_spans.hpp>
#include <pintle/telemetry/tracing/call_span.hpp>
#include <pintle/testing/kit/layer_driver.hpp>

namespace pintle {
namespace {

using namespace std::chrono_literals;
using test::attribute;
using test::KeptSpans;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LayerDriver;
using testing::Script;
using ::testing::SizeIs;

constexpr MethodInfo kGet = {.path = "/shop.v1.Shop/Get", .service = "shop.v1.Shop", .name = "Get"};
constexpr char kParent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr SpanTime kNow{std::chrono::seconds(1'700'000'000)};

struct TracingTest : ::testing::Test {
  std::shared_ptr<const Tracer> tracer(SpanSink* sink, const Sampler& sampler = {}) {
    return std::make_shared<Tracer>(sampler, sink, server.loop().clock(), [] { return 0.5; }, [] { return kNow; });
  }
  std::shared_ptr<const Layer> layer(SpanSink* sink) {
    return std::make_shared<TracingLayer>(tracer(sink), Propagation());
  }
  KeptSpans kept;
  // The clock is that of the server's loop, which is made before the layer that needs it.
  struct Late final : Layer {
    std::string_view name() const override { return "tracing"; }
    Place place() const override { return Place::telemetry; }
    std::unique_ptr<Handler> wrap(const Site& site, Handler& next) const override { return layer->wrap(site, next); }
    mutable std::shared_ptr<const Layer> layer;
  };
  std::shared_ptr<Late> late = std::make_shared<Late>(), late_client = std::make_shared<Late>();
  LayerDriver server{Side::server, late}, client{Side::client, late_client};
  TracingTest() {
    late->layer = layer(&kept);
    late_client->layer = layer(&kept);
    server.method(kGet);
    client.method(kGet);
  }
};

TEST_F(TracingTest, ACallHasASpanBelowThatOfItsCaller) {
  server.next(Script().waits(3ms).does([](LayerCall& call) { call.facts.peer = "ipv4:10.0.0.7:4711"; }));
  auto& call = server.call().metadata("traceparent", kParent).metadata("tracestate", "a=1").start();
  EXPECT_THAT(kept.spans, IsEmpty()) << "it has not ended";
  EXPECT_EQ(call.call().facts.trace_low, 0x8448eb211c80319cu);
  EXPECT_TRUE(call.call().facts.sampled);
  server.advance(3ms);
  ASSERT_THAT(kept.spans, SizeIs(1));
  const SpanData& span = kept.at(0);
  EXPECT_EQ(span.name, "shop.v1.Shop/Get");
  EXPECT_EQ(span.kind, SpanKind::server);
  EXPECT_EQ(span.context.trace_id(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(span.parent, 0xb7ad6b7169203331u);
  EXPECT_TRUE(span.parent_is_remote);
  EXPECT_NE(span.context.span, span.parent);
  EXPECT_EQ(span.context.state, "a=1");
  EXPECT_EQ(span.begin, kNow);
  EXPECT_EQ(span.end - span.begin, 3ms);
  EXPECT_EQ(attribute(span, "rpc.system.name"), "grpc");
  EXPECT_EQ(attribute(span, "rpc.method"), "shop.v1.Shop/Get");
  EXPECT_EQ(attribute(span, "rpc.response.status_code"), "OK");
  EXPECT_EQ(attribute(span, "network.peer.address"), "10.0.0.7");
  EXPECT_EQ(attribute(span, "network.peer.port"), "4711");
  EXPECT_FALSE(span.failed);
}

TEST_F(TracingTest, WithoutAGoodParentATraceBegins) {
  for (const char* parent : {"", "00-nonsense", "00-00000000000000000000000000000000-b7ad6b7169203331-01"}) {
    auto& call = server.call();
    if (*parent != '\0') call.metadata("traceparent", parent).metadata("tracestate", "a=1");
    call.start();
    const SpanData& span = *kept.spans.back();
    EXPECT_EQ(span.parent, 0u);
    EXPECT_TRUE(span.context.valid());
    EXPECT_EQ(span.context.state, "");
  }
  EXPECT_NE(kept.at(0).context.trace_id(), kept.at(1).context.trace_id());
}

TEST_F(TracingTest, OnlyTheServersOwnErrorsFailItsSpan) {
  server.next(Script().returns(Status(Code::not_found, "no item")))
      .next(Script().returns(Status(Code::internal, "broken")))
      .next(Script().waits_for_cancellation());
  server.call().start();
  server.call().start();
  server.call().start().cancel(CancelCause::deadline);
  EXPECT_FALSE(kept.at(0).failed);
  EXPECT_EQ(attribute(kept.at(0), "rpc.response.status_code"), "NOT_FOUND");
  EXPECT_TRUE(kept.at(1).failed);
  EXPECT_EQ(kept.at(1).error, "broken");
  EXPECT_EQ(attribute(kept.at(1), "error.type"), "INTERNAL");
  EXPECT_EQ(attribute(kept.at(2), "error.type"), "DEADLINE_EXCEEDED");
}

TEST_F(TracingTest, WhatTheCallerDoesNotSampleIsNotRecordedButTravelsOn) {
  server.next(Script().does([&](LayerCall& call) {
    EXPECT_FALSE(span_of(call).set("x", 1).recorded());
    auto& outgoing = client.call();
    outgoing.call().parent = &call;
    outgoing.start();
    outgoing.call().parent = nullptr;
  }));
  server.call().metadata("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00").start();
  EXPECT_THAT(kept.spans, IsEmpty());
  const auto sent = parse_traceparent(*client.heard().metadata.get("traceparent"));
  ASSERT_TRUE(sent);
  EXPECT_EQ(sent->trace_id(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_NE(sent->span, 0xb7ad6b7169203331u);
  EXPECT_FALSE(sent->sampled);
}

TEST_F(TracingTest, WithoutASinkIdsAreThereForTheLogs) {
  late->layer = layer(nullptr);
  auto& call = server.call().start();
  EXPECT_NE(call.call().facts.trace_high, 0u);
  EXPECT_FALSE(call.call().facts.sampled);
}

// Else the services that are called would never sample, because their caller did not.
TEST_F(TracingTest, WithoutASinkTheDecisionTravelsOnAllTheSame) {
  late_client->layer = layer(nullptr);
  client.call().start();
  EXPECT_TRUE(parse_traceparent(*client.heard().metadata.get("traceparent"))->sampled);
  EXPECT_THAT(kept.spans, IsEmpty());
}

TEST_F(TracingTest, AnOutgoingCallIsBelowTheIncomingOneAndCarriesItsContextAndBaggage) {
  server.next(Script().does([&](LayerCall& call) {
    auto& outgoing = client.call();
    outgoing.call().parent = &call;
    outgoing.start();
    outgoing.call().parent = nullptr;
  }));
  server.call().metadata("traceparent", kParent).metadata("baggage", "user=anna").start();
  ASSERT_THAT(kept.spans, SizeIs(2));
  const SpanData &outgoing = kept.at(0), &incoming = kept.at(1);
  EXPECT_EQ(outgoing.kind, SpanKind::client);
  EXPECT_EQ(outgoing.parent, incoming.context.span);
  EXPECT_FALSE(outgoing.parent_is_remote);
  EXPECT_EQ(outgoing.context.trace_id(), incoming.context.trace_id());
  const Metadata& sent = client.heard().metadata;
  EXPECT_EQ(parse_traceparent(*sent.get("traceparent"))->span, outgoing.context.span);
  EXPECT_EQ(sent.get("baggage"), "user=anna");
}

TEST_F(TracingTest, AHandlerAddsAttributesAndSpansOfItsOwnInALine) {
  server.next(Script().does([](LayerCall& call) {
    span_of(call).set("shop.items", 3).set("shop.name", "corner").event("packed");
    Span loading = start_span(call, "load prices");
    loading.set("shop.cached", true).fail("no prices");
  }));
  server.call().start();
  ASSERT_THAT(kept.spans, SizeIs(2));
  const SpanData &loading = kept.at(0), &call = kept.at(1);
  EXPECT_EQ(loading.name, "load prices");
  EXPECT_EQ(loading.parent, call.context.span);
  EXPECT_EQ(attribute(loading, "shop.cached"), "true");
  EXPECT_TRUE(loading.failed);
  EXPECT_EQ(attribute(call, "shop.items"), "3");
  EXPECT_EQ(attribute(call, "shop.name"), "corner");
  ASSERT_THAT(call.events, SizeIs(1));
  EXPECT_EQ(call.events[0].name, "packed");
}

TEST_F(TracingTest, AStreamThatNeverEndsHasASpanToo) {
  server.kind(Kind::server_stream).next(Script().waits_for_cancellation());
  server.call().start();
  ASSERT_THAT(kept.spans, SizeIs(1));
  EXPECT_EQ(kept.at(0).name, "shop.v1.Shop/Get begin");
}

TEST_F(TracingTest, AttributesAndEventsWithoutEndAreCountedAndNotKept) {
  server.next(Script().does([](LayerCall& call) {
    for (int i = 0; i < 200; ++i) span_of(call).set("a" + std::to_string(i), i).event("e");
    span_of(call).set("a0", 7);
  }));
  server.call().start();
  const SpanData& span = kept.at(0);
  EXPECT_EQ(span.events.size(), 128u);
  EXPECT_EQ(span.dropped_events, 72u);
  EXPECT_EQ(attribute(span, "a0"), "7");
  EXPECT_EQ(attribute(span, "a199"), "");
  EXPECT_GE(span.dropped_attributes, 72u);
}

TEST_F(TracingTest, AMethodThatNobodyHasIsNamedAsItWasAskedFor) {
  constexpr MethodInfo kUnknown = {.path = "_OTHER", .service = "", .name = "_OTHER"};
  server.method(kUnknown);
  auto& call = server.call().refused(Status(Code::unimplemented, "no such method"));
  call.call().facts.path = "/shop.v1.Shop/Gett";
  call.start();
  EXPECT_EQ(kept.at(0).name, "_OTHER");
  EXPECT_EQ(attribute(kept.at(0), "rpc.method_original"), "/shop.v1.Shop/Gett");
}

}  // namespace
}  // namespace pintle

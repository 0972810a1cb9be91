#include <pintle/telemetry/tracing/trace_context.hpp>

#include <gmock/gmock.h>

#include <pintle/telemetry/tracing/propagation.hpp>

namespace pintle {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::Optional;

constexpr char kParent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TraceContext example(bool sampled = true) {
  TraceContext context;
  context.trace_high = 0x0af7651916cd43dd;
  context.trace_low = 0x8448eb211c80319c;
  context.span = 0xb7ad6b7169203331;
  context.sampled = sampled;
  return context;
}

TEST(Traceparent, IsReadAndWrittenAsW3cSays) {
  EXPECT_THAT(parse_traceparent(kParent), Optional(Eq(example())));
  EXPECT_EQ(format_traceparent(example()), kParent);
  EXPECT_THAT(parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"),
              Optional(Eq(example(false))));
  EXPECT_THAT(parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-fe"),
              Optional(Eq(example(false))))
      << "other flags are not ours";
}

TEST(Traceparent, OfALaterVersionIsReadByWhatIsKnownOfIt) {
  EXPECT_THAT(parse_traceparent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), Optional(Eq(example())));
  EXPECT_THAT(parse_traceparent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-the-future-holds"),
              Optional(Eq(example())));
}

TEST(Traceparent, ThatIsNoneIsNothing) {
  const std::string good = kParent;
  for (std::string bad : {
           std::string(),
           std::string("00"),
           good.substr(0, 54),
           good + "x",
           good + "-more",
           "ff" + good.substr(2),                                                   // a version that is forbidden
           "cc" + good.substr(2) + ".x",                                            // what follows needs a dash
           std::string("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01"),  // upper case
           std::string("00-00000000000000000000000000000000-b7ad6b7169203331-01"),  // zeroes
           std::string("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"),
           std::string("00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01"),
           std::string("00_0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331_01"),
           std::string("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x"),
       })
    EXPECT_FALSE(parse_traceparent(bad)) << bad;
}

TEST(Tracestate, IsAListOfAtMost32Members) {
  EXPECT_TRUE(is_tracestate("rojo=00f067aa0ba902b7"));
  EXPECT_TRUE(is_tracestate("a=1, b@c=2 ,,d=3"));
  EXPECT_FALSE(is_tracestate(""));
  EXPECT_FALSE(is_tracestate("a"));
  EXPECT_FALSE(is_tracestate("=1"));
  EXPECT_FALSE(is_tracestate("a=\x01"));
  EXPECT_FALSE(is_tracestate("a=" + std::string(600, 'x')));
  std::string many;
  for (int i = 0; i < 32; ++i) many += "k" + std::to_string(i) + "=1,";
  EXPECT_TRUE(is_tracestate(many));
  EXPECT_FALSE(is_tracestate(many + "k32=1"));
}

TEST(B3, IsReadInBothForms) {
  EXPECT_THAT(parse_b3("0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1"), Optional(Eq(example())));
  EXPECT_THAT(parse_b3("0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-d-05e3ac9a4f6e3b90"),
              Optional(Eq(example())));
  EXPECT_THAT(parse_b3("0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"), Optional(Eq(example(false))));
  EXPECT_EQ(parse_b3("8448eb211c80319c-b7ad6b7169203331-0")->trace_high, 0u);
  for (const char* bad :
       {"", "0", "1-2-1", "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-x", "0000000000000000-b7ad6b7169203331-1"})
    EXPECT_FALSE(parse_b3(bad)) << bad;
  EXPECT_EQ(format_b3(example()), "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1");
  EXPECT_THAT(parse_b3("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "true"), Optional(Eq(example())));
  EXPECT_FALSE(parse_b3("0af7651916cd43dd8448eb211c80319c", "b7ad", "1"));
}

TEST(GrpcTraceBin, IsOpenCensusBinaryFormat) {
  const std::string bytes = format_grpc_trace_bin(example());
  EXPECT_EQ(bytes.size(), 29u);
  EXPECT_THAT(parse_grpc_trace_bin(bytes), Optional(Eq(example())));
  EXPECT_THAT(parse_grpc_trace_bin(bytes.substr(0, 27)), Optional(Eq(example(false))));
  EXPECT_FALSE(parse_grpc_trace_bin(bytes.substr(0, 26)));
  EXPECT_FALSE(parse_grpc_trace_bin("\x01" + bytes.substr(1)));
  EXPECT_FALSE(parse_grpc_trace_bin(std::string(29, '\0')));
}

Propagation propagation(std::vector<std::string> names) { return Propagation::of(names).value(); }

TEST(Propagation, EachWayFindsWhatItWrote) {
  for (const char* name : {"tracecontext", "b3", "b3multi", "grpc-trace-bin"}) {
    Metadata metadata;
    propagation({name}).inject(example(), metadata);
    EXPECT_THAT(propagation({name}).extract(metadata), Optional(Eq(example()))) << name;
  }
  Metadata none;
  propagation({"none"}).inject(example(), none);
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(Propagation::of(std::vector<std::string>{"jaeger"}).error(), "jaeger");
}

TEST(Propagation, TheStateTravelsWithTheParentAndOnlyWithIt) {
  Metadata metadata;
  metadata.add("traceparent", kParent).add("tracestate", "a=1").add("tracestate", "b=2");
  EXPECT_EQ(Propagation().extract(metadata)->state, "a=1,b=2");
  metadata.add("tracestate", "broken");
  EXPECT_EQ(Propagation().extract(metadata)->state, "");
  Metadata alone;
  alone.add("tracestate", "a=1");
  EXPECT_FALSE(Propagation().extract(alone));
}

TEST(Propagation, WhatTheCallerWroteStays) {
  Metadata metadata;
  metadata.add("traceparent", "mine");
  Propagation().inject(example(), metadata);
  EXPECT_THAT(metadata.all("traceparent"), ElementsAre("mine"));
}

TEST(Propagation, BaggagePassesUpTo8KiB) {
  Metadata from, to;
  from.add("baggage", "user=anna").add("baggage", std::string(9000, 'x')).add("other", "1");
  Propagation().pass_baggage(from, to);
  EXPECT_THAT(to.all("baggage"), ElementsAre("user=anna"));
  EXPECT_EQ(to.size(), 1u);
}

}  // namespace
}  // namespace pintle

#include <pintle/telemetry/tracing/sampler.hpp>

#include <gtest/gtest.h>

namespace pintle {
namespace {

TraceContext parent(bool sampled) {
  TraceContext context;
  context.trace_low = context.span = 1;
  context.sampled = sampled;
  return context;
}

TEST(Sampler, DecidesAsItsNameSays) {
  struct Row {
    const char* name;
    bool root, below_sampled, below_unsampled;
  };
  const TraceContext yes = parent(true), no = parent(false);
  for (const Row& row :
       {Row{"always_on", true, true, true}, Row{"always_off", false, false, false},
        Row{"parentbased_always_on", true, true, false}, Row{"parentbased_always_off", false, true, false},
        Row{"parentbased_traceidratio", true, true, false}}) {
    const Sampler sampler = Sampler::of(row.name, "").value();
    EXPECT_EQ(sampler.samples(nullptr, 7), row.root) << row.name;
    EXPECT_EQ(sampler.samples(&yes, 7), row.below_sampled) << row.name;
    EXPECT_EQ(sampler.samples(&no, 7), row.below_unsampled) << row.name;
  }
}

TEST(Sampler, ARatioIsThatPartOfTheTracesAndTheSameEverywhere) {
  const Sampler quarter = Sampler::of("traceidratio", "0.25").value(),
                half = Sampler::of("traceidratio", "0.5").value();
  int sampled = 0;
  std::uint64_t id = 0;
  for (int i = 0; i < 10'000; ++i) {
    id += 0x9e3779b97f4a7c15;
    if (quarter.samples(nullptr, id)) {
      ++sampled;
      EXPECT_TRUE(half.samples(nullptr, id)) << "who samples more samples these too";
    }
  }
  EXPECT_NEAR(sampled, 2500, 150);
}

TEST(Sampler, WhatIsNoneIsAnError) {
  EXPECT_EQ(Sampler::of("sometimes", "").error(), "'sometimes' is no sampler");
  EXPECT_EQ(Sampler::of("parentbased_", "").error(), "'parentbased_' is no sampler");
  for (const char* bad : {"2", "-0.1", "x", "0.5x", "nan"}) EXPECT_FALSE(Sampler::of("traceidratio", bad)) << bad;
}

}  // namespace
}  // namespace pintle

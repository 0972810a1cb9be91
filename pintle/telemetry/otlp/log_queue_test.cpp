#include <pintle/telemetry/otlp/log_queue.hpp>

#include <gmock/gmock.h>

#include <pintle/testing/kit/observed.hpp>

namespace pintle {
namespace {

using ::testing::SizeIs;

struct LogQueueTest : ::testing::Test {
  testing::ObservedLog shown;
  LogQueue queue{shown, 3, 2, [] { return std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::seconds(7)); }};
  Logger log{&queue};
};

TEST_F(LogQueueTest, EveryLineIsShownAndThoseThatFindRoomWait) {
  for (int i = 0; i < 5; ++i) log.info("line", {{"i", i}});
  EXPECT_THAT(shown.lines(), SizeIs(5));
  EXPECT_EQ(queue.size(), 3u);
  EXPECT_EQ(queue.dropped(), 2u);
  const auto first = queue.take();
  ASSERT_THAT(first, SizeIs(2));
  EXPECT_EQ(first[0].message, "line");
  EXPECT_EQ(first[0].at.time_since_epoch(), std::chrono::seconds(7));
  EXPECT_EQ(first[1].fields.at(0).second, LogRecord::Value(std::int64_t{1}));
  EXPECT_THAT(queue.take(), SizeIs(1));
}

TEST_F(LogQueueTest, WhatIsNoIdStaysAField) {
  log.info("line", {{"trace_id", "short"}, {"span_id", "zzzzzzzzzzzzzzzz"}, {"trace_id", 7}});
  const LogRecord record = std::move(queue.take().at(0));
  EXPECT_EQ(record.trace_low, 0u);
  EXPECT_EQ(record.span, 0u);
  EXPECT_THAT(record.fields, SizeIs(3));
}

}  // namespace
}  // namespace pintle

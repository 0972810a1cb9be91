// What a connection does when stream ids run out (RFC 9113 section 5.1.1): there are 2^30 for a client.
#include <gmock/gmock.h>

#include <pintle/http2/frame/types.hpp>
#include <pintle/transport/test_support/test_bed.hpp>

namespace pintle::transport {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using http2::kMaxStreamId;
using http2::Role;
using test::Ear;
using test::TestBed;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(StreamIds, AClientThatHasUsedTheLastDrainsAndItsCallsFinish) {
  ConnectionOptions options;
  options.http2.first_stream_id = kMaxStreamId - 2;
  TestBed bed(Role::client, options);
  bed.established();
  Ear& first = bed.open(true);
  EXPECT_TRUE(bed.connection->can_open());
  EXPECT_THAT(bed.news(), IsEmpty());
  Ear& last = bed.open(true);
  EXPECT_THAT(bed.news(), ElementsAre("draining")) << "before any call finds out that it can't begin";
  EXPECT_FALSE(bed.connection->can_open());
  bed.turn();
  EXPECT_THAT(bed.sent(), Contains("GOAWAY 0 NO_ERROR \"stream ids run out\""));

  bed.give(headers(kMaxStreamId - 2, response()) + headers(kMaxStreamId - 2, {{"grpc-status", "0"}}).end_stream());
  EXPECT_THAT(bed.news(), ElementsAre("#1 head :status=200", "#1 trailers grpc-status=0"));
  first.exchange.finish();
  bed.turn();
  ASSERT_NE(bed.connection, nullptr) << "one is still open";
  bed.give(headers(kMaxStreamId, response()) + headers(kMaxStreamId, {{"grpc-status", "0"}}).end_stream());
  last.exchange.finish();
  bed.turn();
  EXPECT_THAT(bed.news(),
              ElementsAre("#2 head :status=200", "#2 trailers grpc-status=0", "closed: the connection was drained"));
}

TEST(StreamIds, AServerSendsAClientElsewhereBeforeItHasUsedTheLast) {
  TestBed bed(Role::server);
  bed.established();
  bed.give(headers(kMaxStreamId - 10'000, request()).end_stream());
  EXPECT_THAT(bed.sent(), IsEmpty());
  bed.give(headers(kMaxStreamId - 1'000, request()).end_stream());
  EXPECT_EQ(bed.connection->phase(), Phase::noticed);
  EXPECT_THAT(bed.sent(), Contains("GOAWAY 2147483647 NO_ERROR \"stream ids run out\""));
  bed.give(headers(kMaxStreamId, request()).end_stream());
  EXPECT_THAT(bed.news(), ElementsAre("#1 start", "#2 start", "#3 start")) << "none is refused";
  bed.pass(std::chrono::seconds(1));
  EXPECT_EQ(bed.connection->phase(), Phase::closing);
  for (std::size_t n = 1; n <= 3; ++n) bed.answer(bed.ear(n));
  bed.turn();
  EXPECT_THAT(bed.sent(), Contains("HEADERS 2147483647 END_HEADERS END_STREAM grpc-status=0"));
  bed.end_input();
  EXPECT_THAT(bed.news(), ElementsAre("closed: the connection was drained"));
}

}  // namespace
}  // namespace pintle::transport

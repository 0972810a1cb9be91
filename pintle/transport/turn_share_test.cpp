// A connection whose bodies are large leaves time for the others of its loop.
#include <gmock/gmock.h>

#include <pintle/transport/test_support/test_bed.hpp>

namespace pintle::transport {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using http2::Role;
using http2::SettingId;
using test::Ear;
using test::TestBed;

constexpr std::size_t kLeast = 16 * 1024, kShared = 128 * 1024, kAlone = 512 * 1024;

std::string request_of(std::size_t bytes) {
  std::string all = headers(1, request());
  for (; bytes > 16'384; bytes -= 16'384) all += data(1, std::string(16'384, 'x'));
  return all + data(1, std::string(bytes, 'x'));
}

// What the connection reads when it is told once that there is something.
std::size_t read_in_a_turn(std::size_t sharers, std::size_t there) {
  ConnectionOptions options;
  options.http2.initial_stream_window = options.http2.max_stream_window = options.http2.connection_window = 4 << 20;
  TestBed bed(Role::server, options, 128 * 1024);
  bed.established();
  bed.line.in = request_of(there);
  const std::size_t before = bed.line.in.size();
  bed.turned.loop.set_sharers(sharers);
  bed.turned.loop.begin_turn();
  bed.line.want_read = false;
  bed.line.observer->on_readable();
  EXPECT_TRUE(bed.line.want_read) << "it asks for the rest";
  const std::size_t read = before - bed.line.in.size();
  bed.turn();
  EXPECT_EQ(bed.ear(1).body().size(), there) << "the rest comes in later turns";
  return read;
}

TEST(TurnShare, OfReadingIsAllWhereNobodyElseIsReady) { EXPECT_EQ(read_in_a_turn(1, 1 << 20), kAlone); }

TEST(TurnShare, OfReadingIsDividedAmongThoseThatAreReady) {
  EXPECT_EQ(read_in_a_turn(2, 1 << 20), kShared / 2);
  EXPECT_EQ(read_in_a_turn(4, 1 << 20), kShared / 4);
  EXPECT_EQ(read_in_a_turn(1000, 1 << 20), kLeast) << "a small call is read whole whoever is ready";
}

TEST(TurnShare, OfWritingToo) {
  TestBed bed(Role::server);
  bed.established({{SettingId::initial_window_size, 4 << 20}});
  bed.give(window_update(0, 4 << 20) + headers(1, request()).end_stream());
  bed.turned.loop.set_sharers(4);
  Ear& ear = bed.ear(1);
  bed.sent();
  ear.exchange.send_head(bed.head, {}, false);
  ear.write(std::string(200'000, 'x'));
  bed.turned.turn();
  EXPECT_EQ(bed.line.out.size(), kShared / 4);
  bed.turned.turn();
  EXPECT_EQ(bed.line.out.size(), kShared / 2);
  bed.turn();
  EXPECT_GT(bed.line.out.size(), 200'000u);
}

TEST(TurnShare, OfALastWordIsAll) {
  TestBed bed(Role::server);
  bed.established({{SettingId::initial_window_size, 4 << 20}});
  bed.give(window_update(0, 4 << 20) + headers(1, request()).end_stream());
  bed.turned.loop.set_sharers(1000);
  Ear& ear = bed.ear(1);
  ear.exchange.send_head(bed.head, {}, false);
  ear.write(std::string(100'000, 'x'));
  bed.turned.turn();
  bed.connection->abort(http2::ErrorCode::no_error, "enough");
  bed.turn();
  EXPECT_THAT(bed.sent(), ::testing::Contains(::testing::StartsWith("GOAWAY 1 NO_ERROR")))
      << "what stands before it in the output has gone, or it could not be read";
}

}  // namespace
}  // namespace pintle::transport

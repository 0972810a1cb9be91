// A peer that takes what it is sent slowly, and goes on sending frames of its own.
#include <gmock/gmock.h>

#include <pintle/transport/test_support/test_bed.hpp>

namespace pintle::transport {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using http2::Role;
using http2::SettingId;
using test::Ear;
using test::TestBed;
using ::testing::IsEmpty;

// As grpcio does it: frames of 16 MB are allowed, and downloads of 8 MB run two at a time.
TEST(SlowReader, OfLongFramesGetsItsDownloads) {
  TestBed bed(Role::server);
  bed.established({{SettingId::initial_window_size, 0x7fff'ffff}, {SettingId::max_frame_size, 16'777'215}});
  bed.give(window_update(0, 0x7000'0000));
  bed.line.room = 0;
  const std::string body(8 * 1024 * 1024, 'x');
  for (std::uint32_t id = 1; id < 24; id += 4) {
    bed.give(headers(id, request()).end_stream() + headers(id + 2, request()).end_stream());
    for (std::size_t n = bed.ears.size() - 1; n <= bed.ears.size(); ++n) {
      Ear& ear = bed.ear(n);
      ear.exchange.send_head(bed.head, {}, false);
      ear.write(body);
      ear.exchange.send_trailers(bed.trailers, {});
    }
    std::size_t taken = 0;
    while (taken < 2 * body.size()) {
      for (int i = 0; i < 10; ++i) bed.give(window_update(0, 1));
      ASSERT_NE(bed.connection, nullptr) << bed.news().back();
      bed.line.room = 512 * 1024;
      bed.turn();
      ASSERT_FALSE(bed.line.out.empty()) << "after " << taken;
      taken += bed.line.out.size();
      bed.line.out.clear();
    }
    for (std::size_t n = bed.ears.size() - 1; n <= bed.ears.size(); ++n) bed.ear(n).exchange.finish();
    bed.turn();
    bed.line.room = 0;
  }
  EXPECT_EQ(bed.connection->active_streams(), 0u);
}

}  // namespace
}  // namespace pintle::transport

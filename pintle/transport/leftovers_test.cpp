// What a finished exchange leaves in its stream, while the peer's window is closed.
#include <gmock/gmock.h>

#include <pintle/transport/test_support/test_bed.hpp>

namespace pintle::transport {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using http2::Role;
using std::chrono::hours;
using std::chrono::seconds;
using test::Ear;
using test::TestBed;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

// A server whose answer of `size` bytes meets a window of none; its exchange is finished.
struct Stalled {
  explicit Stalled(std::size_t size, Deadline deadline = {}, std::uint32_t calls = 1) {
    bed.established({{http2::SettingId::initial_window_size, 0}});
    bed.react = [=, this](Ear& e) {
      e.exchange.send_head(bed.head, {}, false);
      e.write(std::string(size, 'x'));
      e.exchange.send_trailers(bed.trailers, {});
      e.exchange.finish(deadline);
    };
    for (std::uint32_t id = 1; id < 2 * calls; id += 2) bed.give(headers(id, request()).end_stream());
    bed.sent();
  }
  TestBed bed{Role::server};
};

TEST(Leftovers, OfACallWithADeadlineAreResetThen) {
  const TimePoint start = TestBed(Role::server).turned.loop.now();
  Stalled test(100, Deadline(start + seconds(1)), 10);
  test.bed.pass(seconds(1) - Duration(1));
  EXPECT_THAT(test.bed.sent(), IsEmpty());
  test.bed.pass(Duration(1));
  EXPECT_THAT(test.bed.sent(), SizeIs(10));
  EXPECT_EQ(test.bed.connection->active_streams(), 0u);
}

TEST(Leftovers, ThatWereTakenInTimeAreLeftAlone) {
  const TimePoint start = TestBed(Role::server).turned.loop.now();
  Stalled test(100, Deadline(start + seconds(1)));
  test.bed.give(window_update(1, 100));
  EXPECT_THAT(test.bed.sent(), ElementsAre(StartsWith("DATA 1"), HasSubstr("HEADERS 1")));
  test.bed.pass(hours(1));
  EXPECT_THAT(test.bed.sent(), IsEmpty());
}

TEST(Leftovers, OfACallWithoutADeadlineMustShrinkBy16KiBEachLingerTimeout) {
  Stalled test(100'000);
  const Duration linger = ConnectionOptions().linger_timeout;
  for (int i = 0; i < 3; ++i) {
    test.bed.pass(linger - Duration(1));
    test.bed.give(window_update(1, 16 * 1024));
    test.bed.pass(Duration(1));
    EXPECT_THAT(test.bed.sent(), ElementsAre(StartsWith("DATA 1"))) << "a slow reader is no absent one";
  }
  test.bed.give(window_update(1, 16 * 1024 - 1));
  test.bed.sent();
  test.bed.pass(linger);
  EXPECT_THAT(test.bed.sent(), ElementsAre("RST_STREAM 1 CANCEL"));
}

TEST(Leftovers, ThatThePeerResetsAreForgotten) {
  Stalled test(100);
  test.bed.give(rst(1, ErrorCode::cancel));
  test.bed.pass(hours(1));
  EXPECT_THAT(test.bed.sent(), IsEmpty());
}

}  // namespace
}  // namespace pintle::transport

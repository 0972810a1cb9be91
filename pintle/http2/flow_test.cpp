// Flow control in both directions (RFC 9113 sections 5.2 and 6.9).
#include <pintle/http2/internal/flow.hpp>

#include <gmock/gmock.h>

#include <pintle/http2/test_support/engine.hpp>

namespace pintle::http2 {
namespace {

using namespace testing::wire;  // NOLINT: frames read like a trace
using test::Established;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Window, NeverPassesItsMaximum) {
  Window window(kDefaultWindow);
  EXPECT_FALSE(window.add(kMaxWindow));
  EXPECT_EQ(window.available(), kDefaultWindow) << "unchanged";
  EXPECT_TRUE(window.add(kMaxWindow - kDefaultWindow));
  EXPECT_FALSE(window.add(1));
}

TEST(Window, MayBecomeNegative) {
  Window window(100);
  window.take(80);
  EXPECT_TRUE(window.resize(100, 50));
  EXPECT_EQ(window.value(), -30);
  EXPECT_EQ(window.available(), 0u);
  EXPECT_TRUE(window.add(31));
  EXPECT_EQ(window.available(), 1u);
}

TEST(ReceiveWindow, CreditsHalfAWindowAtOnce) {
  ReceiveWindow window(100);
  EXPECT_TRUE(window.receive(100));
  EXPECT_FALSE(window.receive(1));
  EXPECT_EQ(window.credit(49), 0u);
  EXPECT_EQ(window.credit(11), 60u);
  EXPECT_FALSE(window.receive(61));
  EXPECT_TRUE(window.receive(60));
}

TEST(ReceiveWindow, GrowsTwofoldToItsLimitWhileTheReaderKeepsUp) {
  using std::chrono::milliseconds;
  ReceiveWindow window(100);
  const TimePoint start{std::chrono::hours(1)};
  EXPECT_EQ(window.grow(start, milliseconds(50), 350), 0u) << "nothing is known before the second increment";
  EXPECT_EQ(window.grow(start + milliseconds(10), milliseconds(50), 350), 100u);
  EXPECT_EQ(window.grow(start + milliseconds(61), milliseconds(50), 350), 0u) << "too slow";
  EXPECT_EQ(window.grow(start + milliseconds(70), milliseconds(50), 350), 150u) << "up to the limit";
  EXPECT_EQ(window.grow(start + milliseconds(80), milliseconds(50), 350), 0u);
  EXPECT_TRUE(window.receive(350));
  EXPECT_FALSE(window.receive(1));
}

// -- What we receive ------------------------------------------------------------------------------------------------

TEST(ReceiveFlow, TheConnectionIsCreditedOnReceipt) {
  Options options;
  options.connection_window = 65'535;
  options.initial_stream_window = 1'000'000;
  Established server(Role::server, options);
  server.feed(headers(1, request()) + data(1, std::string(16'384, 'x')));
  EXPECT_THAT(server.sent(), IsEmpty());
  server.feed(data(1, std::string(16'384, 'x')));
  EXPECT_THAT(server.sent(), ElementsAre("WINDOW_UPDATE 0 +32768")) << "although nobody consumed it";
}

TEST(ReceiveFlow, TheConnectionsWindowCannotBeSmallerThanTheProtocols) {
  Options options;
  options.connection_window = 10;
  Established server(Role::server, options);
  EXPECT_THAT(server.feed(headers(1, request()) + data(1, std::string(1'000, 'x'))), Contains("data 1 1000 bytes"));
}

TEST(ReceiveFlow, TheStreamIsCreditedWhenItIsConsumed) {
  Options options;
  options.initial_stream_window = 1'000;
  Established server(Role::server, options);
  server.feed(headers(1, request()) + data(1, std::string(1'000, 'x')));
  server.session.consume(server.stream(1), 400);
  EXPECT_THAT(server.sent(), IsEmpty());
  server.session.consume(server.stream(1), 100);
  EXPECT_THAT(server.sent(), ElementsAre("WINDOW_UPDATE 1 +500"));
  EXPECT_THAT(server.feed(data(1, std::string(500, 'x'))), ElementsAre("data 1 500 bytes"));
  EXPECT_THAT(server.feed(data(1, "x")), Contains("reset 1 FLOW_CONTROL_ERROR by library"));
}

// Until it has acknowledged our SETTINGS a peer uses the protocol's window, and may be owed more than all of ours.
TEST(ReceiveFlow, AWindowThatShrinksIsCreditedWithWhatWasOwed) {
  Options options;
  options.initial_stream_window = 1'000;
  test::Engine server(Role::server, options);
  server.feed(preface() + settings() + headers(1, request()) + data(1, std::string(16'000, 'x')));
  server.session.consume(server.stream(1), 16'000);
  server.sent();
  server.feed(settings_ack());
  EXPECT_THAT(server.sent(), ElementsAre("WINDOW_UPDATE 1 +16000"));
}

TEST(ReceiveFlow, NothingIsCreditedAfterThePeersEnd) {
  Options options;
  options.initial_stream_window = 10;
  Established server(Role::server, options);
  server.feed(headers(1, request()) + data(1, "0123456789").end_stream());
  server.session.consume(server.stream(1), 10);
  EXPECT_THAT(server.sent(), IsEmpty());
}

TEST(ReceiveFlow, PaddingIsCreditedByTheEngine) {
  Options options;
  options.initial_stream_window = 100;
  Established server(Role::server, options);
  EXPECT_THAT(server.feed(headers(1, request()) + data(1, "x").padded(98)), Contains("data 1 x"));
  EXPECT_THAT(server.sent(), ElementsAre("WINDOW_UPDATE 1 +99"));
}

TEST(ReceiveFlow, AnOverrunStreamIsReset) {
  Options options;
  options.initial_stream_window = 10;
  Established server(Role::server, options);
  EXPECT_THAT(server.feed(headers(1, request()) + data(1, "01234567890")),
              ElementsAre(HasSubstr("headers 1"), "reset 1 FLOW_CONTROL_ERROR by library", "closed 1"));
  EXPECT_THAT(server.sent(), ElementsAre("RST_STREAM 1 FLOW_CONTROL_ERROR"));
}

TEST(ReceiveFlow, AnOverrunConnectionEnds) {
  Options options;
  options.connection_window = 65'535;
  options.initial_stream_window = 1'000'000;
  options.max_frame_size = 100'000;
  Established server(Role::server, options);
  EXPECT_THAT(server.feed(headers(1, request()) + data(1, std::string(65'536, 'x'))),
              Contains(HasSubstr("connection error FLOW_CONTROL_ERROR")));
}

TEST(ReceiveFlow, DataOfResetStreamsStillCreditsTheConnection) {
  Options options;
  options.connection_window = 65'535;
  Established server(Role::server, options);
  server.feed(headers(1, request()));
  server.session.reset(server.stream(1), ErrorCode::cancel);
  server.sent();
  server.feed(data(1, std::string(16'384, 'x')) + data(1, std::string(16'384, 'x')));
  EXPECT_THAT(server.sent(), ElementsAre("WINDOW_UPDATE 0 +32768"));
}

// -- What we send ---------------------------------------------------------------------------------------------------

TEST(SendFlow, AWindowUpdateOpensTheStream) {
  Established server(Role::server, {}, settings({{SettingId::initial_window_size, 3}}));
  server.feed(headers(1, request()));
  server.head(1);
  EXPECT_FALSE(server.write(1, "0123456789", true));
  EXPECT_THAT(server.sent(), ElementsAre("HEADERS 1 END_HEADERS :status=200", "DATA 1 \"012\""));
  server.feed(window_update(1, 4));
  EXPECT_THAT(server.sent(), ElementsAre("DATA 1 \"3456\""));
  server.feed(window_update(1, 100));
  EXPECT_THAT(server.sent(), ElementsAre("DATA 1 END_STREAM \"789\"", "RST_STREAM 1 NO_ERROR"));
}

TEST(SendFlow, AWindowUpdateOpensTheConnection) {
  Established server(Role::server, {}, settings({{SettingId::initial_window_size, 1'000'000}}));
  server.feed(headers(1, request()).end_stream());
  server.head(1);
  server.session.queue_data(server.stream(1), as_bytes(std::string(65'540, 'x')), false);
  server.sent();
  EXPECT_EQ(server.session.queued(server.stream(1)), 5u);
  server.feed(window_update(1, 1'000));
  EXPECT_THAT(server.sent(), IsEmpty());
  server.feed(window_update(0, 4));
  EXPECT_THAT(server.sent(), ElementsAre("DATA 1 \"xxxx\""));
}

TEST(SendFlow, TheDirectWayIsClosedByASmallWindow) {
  Established server(Role::server, {}, settings({{SettingId::initial_window_size, 3}}));
  server.feed(headers(1, request()));
  server.head(1);
  EXPECT_EQ(server.session.write_data(server.stream(1), 4, false), nullptr);
  EXPECT_NE(server.session.write_data(server.stream(1), 3, false), nullptr);
  EXPECT_EQ(server.session.write_data(server.stream(1), 1, false), nullptr);
  EXPECT_THAT(server.feed(window_update(1, 1)), ElementsAre("writable 1"));
}

TEST(SendFlow, AnEmptyEndNeedsNoWindow) {
  Established server(Role::server, {}, settings({{SettingId::initial_window_size, 0}}));
  server.feed(headers(1, request()).end_stream());
  server.head(1);
  EXPECT_TRUE(server.write(1, "", true));
  EXPECT_THAT(server.sent(), ElementsAre("HEADERS 1 END_HEADERS :status=200", "DATA 1 END_STREAM \"\""));
}

TEST(SendFlow, NewSettingsMoveEveryStreamsWindow) {
  Established server(Role::server, {}, settings({{SettingId::initial_window_size, 10}}));
  server.feed(headers(1, request()));
  server.head(1);
  server.write(1, "01234567");
  server.write(1, "abcdefgh");
  server.sent();  // ten bytes are out
  server.feed(settings({{SettingId::initial_window_size, 5}}));
  server.feed(window_update(1, 5));  // now at zero
  EXPECT_THAT(server.sent(), ElementsAre("SETTINGS ACK"));
  server.feed(settings({{SettingId::initial_window_size, 7}}));
  EXPECT_THAT(server.sent(), ElementsAre("SETTINGS ACK", "DATA 1 \"cd\""));
}

TEST(SendFlow, SettingsMustNotOverflowAWindow) {
  Established server;
  server.feed(headers(1, request()) + window_update(1, 0x7fff'ffff - 65'535));
  EXPECT_THAT(server.feed(settings({{SettingId::initial_window_size, 65'536}})),
              Contains(HasSubstr("connection error FLOW_CONTROL_ERROR")));
}

// -- WINDOW_UPDATE --------------------------------------------------------------------------------------------------

TEST(WindowUpdate, OfZeroIsAnErrorOfItsLevel) {
  Established server;
  server.feed(headers(1, request()));
  EXPECT_THAT(server.feed(window_update(1, 0)), ElementsAre("reset 1 PROTOCOL_ERROR by library", "closed 1"));
  EXPECT_THAT(server.feed(window_update(0, 0)), ElementsAre(HasSubstr("connection error PROTOCOL_ERROR")));
}

TEST(WindowUpdate, ThatOverflowsIsAnErrorOfItsLevel) {
  Established server;
  server.feed(headers(1, request()));
  EXPECT_THAT(server.feed(window_update(1, 0x7fff'ffff)),
              ElementsAre("reset 1 FLOW_CONTROL_ERROR by library", "closed 1"));
  EXPECT_THAT(server.feed(window_update(0, 0x7fff'ffff)),
              ElementsAre(HasSubstr("connection error FLOW_CONTROL_ERROR")));
}

TEST(WindowUpdate, OnAnIdleStreamEndsTheConnection) {
  Established server;
  EXPECT_THAT(server.feed(window_update(1, 1)), ElementsAre(HasSubstr("connection error PROTOCOL_ERROR")));
}

TEST(WindowUpdate, OnAClosedStreamIsIgnored) {
  Established server;
  server.feed(headers(1, request()).end_stream());
  server.head(1, true);
  server.sent();
  server.events();
  EXPECT_THAT(server.feed(window_update(1, 1)), IsEmpty());
  EXPECT_THAT(server.sent(), IsEmpty());
}

TEST(WindowUpdate, OfTheWrongSizeEndsTheConnection) {
  Established server;
  EXPECT_THAT(server.feed(raw(8, 0, 0, "123")), ElementsAre(HasSubstr("FRAME_SIZE_ERROR")));
}

TEST(WindowUpdate, TheReservedBitIsIgnored) {
  Established server;
  EXPECT_THAT(server.feed(window_update(0, 0x8000'0001)), IsEmpty());
}

}  // namespace
}  // namespace pintle::http2

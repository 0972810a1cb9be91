#include <gmock/gmock.h>

#include <pintle/testing/wire/frames.hpp>
#include <pintle/testing/wire/trace.hpp>

namespace pintle::testing::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Wire, EveryFrameThatIsBuiltIsReadBack) {
  Trace trace;
  const std::string bytes = preface() + settings({{http2::SettingId::enable_push, 0}}) + settings_ack() +
                            headers(1, request("/a")).end_stream() + data(3, "a\n").end_stream() +
                            rst(1, http2::ErrorCode::cancel) + goaway(5, http2::ErrorCode::no_error, "bye") + ping(7) +
                            ping(7).ack() + window_update(0, 9) + priority(3, 1) + raw(0x42, 0, 0, "xx");
  EXPECT_THAT(trace.read(as_bytes(bytes)),
              ElementsAre("PREFACE", "SETTINGS ENABLE_PUSH=0", "SETTINGS ACK",
                          "HEADERS 1 END_HEADERS END_STREAM :method=POST :scheme=http :path=/a :authority=test",
                          "DATA 3 END_STREAM \"a\\x0a\"", "RST_STREAM 1 CANCEL", "GOAWAY 5 NO_ERROR \"bye\"", "PING 7",
                          "PING ACK 7", "WINDOW_UPDATE 0 +9", "PRIORITY 3 5 bytes", "0x42 2 bytes"));
}

TEST(Wire, AFrameMayArriveInPieces) {
  Trace trace;
  const std::string bytes = data(1, "hello");
  EXPECT_THAT(trace.read(as_bytes(bytes.substr(0, 11))), IsEmpty());
  EXPECT_EQ(trace.left_over(), 11u);
  EXPECT_THAT(trace.read(as_bytes(bytes.substr(11))), ElementsAre("DATA 1 \"hello\""));
}

TEST(Wire, ABlockMaySpanFrames) {
  Trace trace;
  const std::string whole = block(response("200", {{"a", std::string(200, 'x')}}));
  EXPECT_THAT(
      trace.read(as_bytes(headers_raw(1, whole.substr(0, 5)).no_end_headers() + continuation(1, whole.substr(5)))),
      ElementsAre("HEADERS 1", "CONTINUATION 1 END_HEADERS :status=200 a=" + std::string(200, 'x')));
}

TEST(Wire, PaddingAndPriorityAreTakenOff) {
  Trace trace;
  EXPECT_THAT(trace.read(as_bytes(headers(1, {{"a", "b"}}).priority(3).padded(4).bytes())),
              ElementsAre("HEADERS 1 END_HEADERS a=b"));
}

TEST(Wire, MalformedFramesAreNamed) {
  Trace trace;
  EXPECT_THAT(trace.read(as_bytes(raw(6, 0, 0, "1234567") + raw(7, 0, 0, "") + headers_raw(1, "\xff\xff"))),
              ElementsAre("PING malformed, 7 bytes", "GOAWAY malformed, 0 bytes", "HEADERS 1 END_HEADERS undecodable"));
}

}  // namespace
}  // namespace pintle::testing::wire

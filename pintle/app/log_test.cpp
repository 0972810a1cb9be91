#include <pintle/app/log.hpp>

#include <limits>

#include <gtest/gtest.h>
#include <unistd.h>

namespace pintle {
namespace {

using namespace std::chrono_literals;

// 2026-11-23T08:51:15.012345678Z
constexpr std::chrono::sys_time<std::chrono::nanoseconds> kNow{
    std::chrono::sys_days{std::chrono::year{2026} / 11 / 23}.time_since_epoch() + 8h + 51min + 15s + 12'345'678ns};

std::string line(LogFormat format, Level level, std::string_view message, std::initializer_list<Field> fields = {}) {
  std::string out;
  format_log_line(format, kNow, level, message, std::span(fields.begin(), fields.size()), out);
  return out;
}

TEST(Log, OneJsonObjectPerLine) {
  EXPECT_EQ(line(LogFormat::json, Level::info, "listening",
                 {{"address", "0.0.0.0:50051"}, {"threads", 2}, {"tls", false}, {"load", 0.5}}),
            R"({"time":"2026-11-23T08:51:15.012345678Z","severity":"INFO","message":"listening",)"
            R"("address":"0.0.0.0:50051","threads":2,"tls":false,"load":0.5})"
            "\n");
}

TEST(Log, JsonEscapes) {
  EXPECT_EQ(line(LogFormat::json, Level::error, "a\"b\\c\nd\te\rf\x01g", {{"k\"", "\xFF\xC3\xA9"}}),
            R"({"time":"2026-11-23T08:51:15.012345678Z","severity":"ERROR","message":"a\"b\\c\nd\te\rf\u0001g",)"
            "\"k\\\"\":\"\xEF\xBF\xBD\xC3\xA9\"}\n");
}

TEST(Log, EveryByteIsEscapedOrNotWhereverItStands) {
  for (int byte = 0; byte < 256; ++byte)
    for (std::size_t at = 0; at < 18; ++at) {
      std::string value(18, 'x');
      value[at] = static_cast<char>(byte);
      const std::string text = line(LogFormat::json, Level::info, "m", {{"k", std::string_view(value)}});
      const bool as_it_is = byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
      EXPECT_EQ(text.contains(R"("k":")" + value + R"("})"), as_it_is) << byte << " at " << at;
    }
}

TEST(Log, JsonHasNoNan) {
  const std::string text = line(LogFormat::json, Level::warn, "m", {{"x", std::numeric_limits<double>::infinity()}});
  EXPECT_TRUE(text.contains(R"("x":"inf")")) << text;
}

TEST(Log, AFieldDoesNotHideTheLinesOwn) {
  const std::string text = line(LogFormat::json, Level::warn, "m", {{"message", "x"}, {"time", 1}, {"severity", "y"}});
  EXPECT_TRUE(text.contains(R"("message":"m","message_":"x","time_":1,"severity_":"y"})")) << text;
}

TEST(Log, TextForATerminal) {
  EXPECT_EQ(line(LogFormat::text, Level::warn, "slow call",
                 {{"method", "/items/Get"}, {"ms", 12}, {"note", "two words"}, {"empty", ""}}),
            "2026-11-23T08:51:15.012Z WARN  slow call method=/items/Get ms=12 note=\"two words\" empty=\"\"\n");
}

TEST(Log, TheElasticCommonSchemaHasItsOwnNames) {
  EXPECT_EQ(line(LogFormat::ecs, Level::warn, "m", {{"trace_id", "ab"}, {"grpc.error", "why"}, {"log.level", "x"}}),
            R"({"@timestamp":"2026-11-23T08:51:15.012345678Z","log.level":"warn","message":"m","trace.id":"ab",)"
            R"("error.message":"why","log.level_":"x","ecs.version":"8.11.0"})"
            "\n");
}

TEST(Log, GoogleCloudHasItsOwnNames) {
  EXPECT_EQ(line(LogFormat::gcp, Level::warn, "m", {{"trace_id", "ab"}, {"span_id", "cd"}}),
            R"({"time":"2026-11-23T08:51:15.012345678Z","severity":"WARNING","message":"m",)"
            R"("logging.googleapis.com/trace":"ab","logging.googleapis.com/spanId":"cd"})"
            "\n");
}

TEST(Log, NobodyForgesALine) {
  for (const LogFormat format : {LogFormat::json, LogFormat::text, LogFormat::ecs, LogFormat::gcp}) {
    const std::string text = line(format, Level::info, "x\n2026 ERROR forged", {{"a\nb", "c\nd\r\x1B[31m"}});
    EXPECT_EQ(text.find('\n'), text.size() - 1) << text;
    EXPECT_EQ(text.find('\r'), std::string::npos);
    EXPECT_EQ(text.find('\x1B'), std::string::npos);
  }
}

class Pipe {
 public:
  Pipe() {
    if (::pipe(ends_) != 0) std::abort();
  }
  ~Pipe() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  int in() const { return ends_[1]; }
  std::string read() {
    std::string out(4096, '\0');
    out.resize(static_cast<std::size_t>(::read(ends_[0], out.data(), out.size())));
    return out;
  }

 private:
  int ends_[2];
};

TEST(Log, LinesBelowTheLevelAreNotWritten) {
  Pipe pipe;
  StreamLog sink(pipe.in(), LogFormat::text, Level::warn, [] { return kNow; });
  const Logger log(&sink);
  log.info("no");
  log.warn("yes");
  sink.set_level(Level::debug);
  log.debug("now");
  EXPECT_TRUE(sink.flush());
  EXPECT_EQ(pipe.read(), "2026-11-23T08:51:15.012Z WARN  yes\n2026-11-23T08:51:15.012Z DEBUG now\n");
}

TEST(Log, SaysHowManyLinesWereDropped) {
  Pipe pipe;
  StreamLog sink(pipe.in(), LogFormat::json, Level::info, [] { return kNow; });
  const std::string body(LineWriter::kRingBytes / 4, 'x');
  for (int i = 0; i < 7; ++i) Logger(&sink).info(body);
  std::string seen;
  while (!seen.contains(R"("severity":"WARN","message":"log lines were dropped","dropped":)")) seen += pipe.read();
  EXPECT_TRUE(seen.contains(R"({"time":"2026-11-23T08:51:15.012345678Z","severity":"WARN")"));
}

TEST(Log, ADescriptorThatFailsIsSurvived) {
  StreamLog sink(-1);
  Logger(&sink).error("into the void");
}

}  // namespace
}  // namespace pintle

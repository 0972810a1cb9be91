#include <pintle/app/log.hpp>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include <fmt/format.h>
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

TEST(Log, NumbersReadBackAsTheyWere) {
  std::mt19937_64 chance(1);
  const auto told = [](double d) {
    const std::string text = line(LogFormat::json, Level::info, "m", {{"x", d}});
    const std::size_t at = text.find(R"("x":)") + 4;
    return text.substr(at, text.find('}', at) - at);
  };
  for (const double d :
       {0.0, 0.001, 0.01, 0.1, 0.25, 1.5, 9.999, 10.0, 999999999.999, 1e9, 1e16, 1e300, 5e-324, -0.001, 0.0005})
    EXPECT_EQ(told(d), fmt::format("{}", d));
  for (int i = 0; i < 10'000; ++i) {
    const double thousandths = static_cast<double>(chance() % 10'000'000'000) / 1000,
                 any = std::bit_cast<double>(chance());
    EXPECT_EQ(told(thousandths), fmt::format("{}", thousandths));
    if (std::isfinite(any)) EXPECT_EQ(told(any), fmt::format("{}", any));
  }
  for (const std::int64_t n : {0L, 9L, 10L, -1L, std::numeric_limits<std::int64_t>::min()})
    EXPECT_TRUE(line(LogFormat::json, Level::info, "m", {{"x", n}}).contains(fmt::format(R"("x":{}}})", n)));
}

TEST(Log, LongLinesAndShortOnesInTurn) {
  for (const std::size_t size : {10UZ, 100'000UZ, 10UZ, 1'000UZ, 20'000UZ}) {
    const std::string plain(size, 'x'), marked(size, '"');
    const std::string text =
        line(LogFormat::json, Level::info, "m", {{"a", std::string_view(plain)}, {"b", std::string_view(marked)}});
    std::string escaped;
    for (std::size_t i = 0; i < size; ++i) escaped += "\\\"";
    EXPECT_TRUE(text.ends_with(R"("a":")" + plain + R"(","b":")" + escaped + "\"}\n")) << size;
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

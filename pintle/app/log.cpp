#include <pintle/app/log.hpp>

#include <array>
#include <utility>

namespace pintle {
namespace {

constexpr std::size_t kKeepBytes = 16 * 1024;

StreamLog::WallClock or_system(StreamLog::WallClock clock) {
  if (clock) return clock;
  return [] { return std::chrono::system_clock::now(); };
}

}  // namespace

StreamLog::StreamLog(int fd, LogFormat format, Level level, WallClock clock)
    : format_(format),
      level_(level),
      clock_(or_system(std::move(clock))),
      writer_(fd, [format, now = clock_](std::uint64_t lines, std::string& out) {
        const std::array<Field, 1> fields{Field("dropped", lines)};
        format_log_line(format, now(), Level::warn, "log lines were dropped", fields, out);
      }) {}

void StreamLog::write(Level level, std::string_view message, std::span<const Field> fields) noexcept {
  if (!enabled(level)) return;
  try {
    thread_local std::string line;  // NOLINT(misc-use-internal-linkage): a local of this function
    line.clear();
    format_log_line(format_, clock_(), level, message, fields, line);
    writer_.write(line);
    if (line.capacity() > kKeepBytes) line = std::string();
  } catch (...) {  // NOLINT(bugprone-empty-catch)
    // Out of memory: the line is lost, the call that wanted to write it is not.
  }
}

}  // namespace pintle

// The log of a process: one line per event on a file descriptor, as JSON for machines or as text for a terminal.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include <pintle/base/clock.hpp>
#include <pintle/base/line_writer.hpp>
#include <pintle/base/observe.hpp>

namespace pintle {

enum class LogFormat : std::uint8_t { json, text, ecs, gcp };

// JSON: {"time":"2026-11-23T08:51:15.123456789Z","severity":"INFO","message":"…", then the fields in their order}. A
// field whose key is one of these three gets a '_' behind it. Bytes that are not UTF-8 become U+FFFD, so every line is
// JSON. Text: "2026-11-23T08:51:15.123Z INFO  message key=value key="value with spaces"". Line breaks and control
// characters are escaped in both: nothing that a stranger sends can forge a line.
//
// ECS: JSON with the names of the Elastic Common Schema for time, level, error, trace and client. GCP: JSON as Google
// Cloud's agents read it, with the trace under logging.googleapis.com/trace. Other fields keep their names in both.
//
// Any thread may write at any time, and none ever waits: the lines go through a LineWriter. They are never torn and
// never mixed. When the descriptor does not take them, lines are dropped, and a line says how many ("log lines were
// dropped") when it takes some again. What the process wrote just before it was killed or crashed may be missing.
class StreamLog final : public LogSink {
 public:
  using WallClock = std::function<std::chrono::sys_time<std::chrono::nanoseconds>()>;

  // `fd` stays the caller's. The clock is asked once per line, by the thread that writes it, and for the lines about
  // those that were dropped.
  explicit StreamLog(int fd = 2, LogFormat format = LogFormat::json, Level level = Level::info, WallClock clock = {});

  // Lines below this level are dropped. May be changed while others write.
  void set_level(Level level) noexcept { level_.store(level, std::memory_order_relaxed); }

  Level level() const noexcept { return level_.load(std::memory_order_relaxed); }

  bool enabled(Level level) const noexcept override { return level >= level_.load(std::memory_order_relaxed); }
  void write(Level level, std::string_view message, std::span<const Field> fields) noexcept override;

  // Before the process ends in another way than by destroying this, which flushes for a second too: waits until what
  // was written has left. False when that takes longer than `limit`.
  bool flush(Duration limit = std::chrono::seconds(1)) noexcept { return writer_.flush(limit); }

 private:
  const LogFormat format_;
  std::atomic<Level> level_;
  const WallClock clock_;
  LineWriter writer_;
};

// The line that StreamLog writes, line break included.
void format_log_line(LogFormat format, std::chrono::sys_time<std::chrono::nanoseconds> time, Level level,
                     std::string_view message, std::span<const Field> fields, std::string& out);

}  // namespace pintle

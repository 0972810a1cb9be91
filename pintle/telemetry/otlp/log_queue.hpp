// Log lines that wait for their export.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <pintle/base/observe.hpp>
#include <pintle/telemetry/otlp/export_queue.hpp>

namespace pintle {

struct LogRecord {
  LogRecord() = default;
  using Value = std::variant<std::string, std::int64_t, double, bool>;
  std::chrono::sys_time<std::chrono::nanoseconds> at;
  Level level = Level::info;
  std::string message;
  std::uint64_t trace_high = 0, trace_low = 0, span = 0;  // what the fields trace_id and span_id said
  std::vector<std::pair<std::string, Value>> fields;      // the others
};

// Passes every line on to another sink, and keeps a copy of each that this one takes. Any thread; never blocks for
// longer than a few instructions.
class LogQueue final : public LogSink, public ExportQueue<LogRecord> {
 public:
  using WallClock = std::function<std::chrono::sys_time<std::chrono::nanoseconds>()>;
  LogQueue(LogSink& next, std::size_t most, std::size_t batch, WallClock clock = {});

  bool enabled(Level level) const noexcept override { return next_.enabled(level); }
  void write(Level level, std::string_view message, std::span<const Field> fields) noexcept override;

 private:
  LogSink& next_;
  const WallClock clock_;
};

}  // namespace pintle

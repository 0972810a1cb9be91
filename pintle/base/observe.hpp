// Handles through which every room logs and counts; who listens is wired by main (app and telemetry), never looked up.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <variant>

namespace pintle {

enum class Level : std::uint8_t { debug, info, warn, error };

// One key and value of a structured log line; keys are lower_snake or dotted OpenTelemetry names.
struct Field {
  using Value = std::variant<std::string_view, std::int64_t, double, bool>;
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  Field(std::string_view k, bool v) : key(k), value(v) {}
  Field(std::string_view k, double v) : key(k), value(v) {}
  template <std::integral T>
  Field(std::string_view k, T v) : key(k), value(static_cast<std::int64_t>(v)) {}
  std::string_view key;
  Value value;
};

// Where log lines go. write() may be called from any thread; views are valid during the call only.
class LogSink {
 public:
  virtual bool enabled(Level level) const noexcept = 0;
  virtual void write(Level level, std::string_view message, std::span<const Field> fields) noexcept = 0;

 protected:
  ~LogSink() = default;
};

// A copyable handle; the default one swallows everything. The sink must outlive it. Any thread.
class Logger {
 public:
  Logger() = default;
  explicit Logger(LogSink* sink) : sink_(sink) {}
  void log(Level level, std::string_view message, std::initializer_list<Field> fields = {}) const {
    if (sink_ && sink_->enabled(level)) sink_->write(level, message, std::span(fields.begin(), fields.size()));
  }
  void debug(std::string_view message, std::initializer_list<Field> f = {}) const { log(Level::debug, message, f); }
  void info(std::string_view message, std::initializer_list<Field> f = {}) const { log(Level::info, message, f); }
  void warn(std::string_view message, std::initializer_list<Field> f = {}) const { log(Level::warn, message, f); }
  void error(std::string_view message, std::initializer_list<Field> f = {}) const { log(Level::error, message, f); }

 private:
  LogSink* sink_ = nullptr;
};

}  // namespace pintle

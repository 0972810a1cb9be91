// Handles through which every room logs, counts and measures; who listens is wired by main (app and telemetry), never
// looked up.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
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

  // One that puts these fields before those of each of its lines; what they view is copied. A line's own field hides
  // one of the same key. Make it once per connection or component, not per line.
  Logger with(std::initializer_list<Field> fields) const;

  bool enabled(Level level) const noexcept { return sink_ != nullptr && sink_->enabled(level); }
  void log(Level level, std::string_view message, std::initializer_list<Field> fields = {}) const {
    log(level, message, std::span(fields.begin(), fields.size()));
  }
  void log(Level level, std::string_view message, std::span<const Field> own) const {
    if (!enabled(level)) return;
    context_ == nullptr ? sink_->write(level, message, own) : write_with_context(level, message, own);
  }
  void debug(std::string_view message, std::initializer_list<Field> f = {}) const { log(Level::debug, message, f); }
  void info(std::string_view message, std::initializer_list<Field> f = {}) const { log(Level::info, message, f); }
  void warn(std::string_view message, std::initializer_list<Field> f = {}) const { log(Level::warn, message, f); }
  void error(std::string_view message, std::initializer_list<Field> f = {}) const { log(Level::error, message, f); }

 private:
  struct Context;
  void write_with_context(Level level, std::string_view message, std::span<const Field> fields) const;

  LogSink* sink_ = nullptr;
  std::shared_ptr<const Context> context_;
};

// -- Metrics ----------------------------------------------------------------------------------------------------------

// An instrument in OpenTelemetry's sense. The views are used during the call that takes it only.
struct Instrument {
  std::string_view name;            // "rpc.server.call.duration"
  std::string_view unit;            // by UCUM: "s", "By", "{call}"
  std::string_view description;     // one sentence for a person
  std::span<const double> buckets;  // of a histogram: upper bounds, ascending; empty: the meter's own
};

// The meter's side of one instrument with one set of attributes. Called by any number of threads at the same time; may
// neither lock nor allocate.
class CounterCell {
 public:
  virtual void add(std::uint64_t n) noexcept = 0;

 protected:
  ~CounterCell() = default;
};
class GaugeCell {
 public:
  virtual void add(double change) noexcept = 0;
  virtual void set(double value) noexcept = 0;

 protected:
  ~GaugeCell() = default;
};
// The span in which something was measured; zeroes: none.
struct TraceRef {
  std::uint64_t high = 0, low = 0, span = 0;
  explicit operator bool() const { return (high | low) != 0; }
};
class HistogramCell {
 public:
  virtual void record(double value) noexcept = 0;
  // The same, and `trace` may be shown as an exemplar of it.
  virtual void record(double value, const TraceRef& trace) noexcept {
    static_cast<void>(trace);
    record(value);
  }

 protected:
  ~HistogramCell() = default;
};

// Copyable handles, the default ones do nothing. Made once, say for each method that a layer wraps, and used for each
// call: a pointer that is followed, no lock, no allocation, no lookup. The meter must outlive them. Any thread.
class Counter {
 public:
  Counter() = default;
  explicit Counter(CounterCell* cell) : cell_(cell) {}
  void add(std::uint64_t n = 1) const noexcept {
    if (cell_ != nullptr) cell_->add(n);
  }

 private:
  CounterCell* cell_ = nullptr;
};

// A value that goes up and down: either the sum of what all threads added, or what was set last; one gauge is not used
// both ways.
class Gauge {
 public:
  Gauge() = default;
  explicit Gauge(GaugeCell* cell) : cell_(cell) {}
  void add(double change) const noexcept {
    if (cell_ != nullptr) cell_->add(change);
  }
  void set(double value) const noexcept {
    if (cell_ != nullptr) cell_->set(value);
  }

 private:
  GaugeCell* cell_ = nullptr;
};

// Durations are recorded in seconds, sizes in bytes.
class Histogram {
 public:
  Histogram() = default;
  explicit Histogram(HistogramCell* cell) : cell_(cell) {}
  void record(double value) const noexcept {
    if (cell_ != nullptr) cell_->record(value);
  }
  void record(double value, const TraceRef& trace) const noexcept {
    if (cell_ != nullptr) trace ? cell_->record(value, trace) : cell_->record(value);
  }

 private:
  HistogramCell* cell_ = nullptr;
};

// Who measures. Any thread may ask, at any time; asking may lock and allocate. The same instrument with the same
// attributes is the same cell, whoever asks and however often. Views are valid during the call only.
class Meter {
 public:
  virtual Counter counter(const Instrument& instrument, std::span<const Field> attributes) = 0;
  virtual Gauge gauge(const Instrument& instrument, std::span<const Field> attributes) = 0;
  virtual Histogram histogram(const Instrument& instrument, std::span<const Field> attributes) = 0;

 protected:
  ~Meter() = default;
};

// Where a room gets its instruments, as Logger is where it gets its lines: a copyable handle whose default one gives
// instruments that do nothing. The meter must outlive it. Any thread.
class Meters {
 public:
  Meters() = default;
  explicit Meters(Meter* meter) : meter_(meter) {}
  Counter counter(const Instrument& instrument, std::initializer_list<Field> attributes = {}) const {
    return meter_ != nullptr ? meter_->counter(instrument, {attributes.begin(), attributes.size()}) : Counter();
  }
  Gauge gauge(const Instrument& instrument, std::initializer_list<Field> attributes = {}) const {
    return meter_ != nullptr ? meter_->gauge(instrument, {attributes.begin(), attributes.size()}) : Gauge();
  }
  Histogram histogram(const Instrument& instrument, std::initializer_list<Field> attributes = {}) const {
    return meter_ != nullptr ? meter_->histogram(instrument, {attributes.begin(), attributes.size()}) : Histogram();
  }

 private:
  Meter* meter_ = nullptr;
};

}  // namespace pintle

// What is logged and measured, kept for a test to look at.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <pintle/base/observe.hpp>

namespace pintle::testing {

// The lines of a Logger, oldest first: `warn a handler threw exception=boom error_id=7`. Any thread.
class ObservedLog final : public LogSink {
 public:
  ObservedLog() = default;
  ObservedLog(const ObservedLog&) = delete;
  Logger logger() { return Logger(this); }
  std::vector<std::string> lines() const;

  bool enabled(Level) const noexcept override { return true; }
  void write(Level level, std::string_view message, std::span<const Field> fields) noexcept override;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

// What instruments were told. Any thread.
class ObservedMeter final : public Meter {
 public:
  ObservedMeter() = default;
  ObservedMeter(const ObservedMeter&) = delete;
  Meters meters() { return Meters(this); }

  // A counter's or a gauge's value; a histogram's number of records. `cell` is the instrument's name and, where it has
  // attributes, those in their order: `rpc.server.call.duration{rpc.method=Get,status=OK}`. 0 for one that is not
  // there.
  double value(std::string_view cell) const;
  // What a histogram recorded, in order.
  std::vector<double> records(std::string_view cell) const;
  // Every cell that there is, in alphabetical order.
  std::vector<std::string> cells() const;

  Counter counter(const Instrument& instrument, std::span<const Field> attributes) override;
  Gauge gauge(const Instrument& instrument, std::span<const Field> attributes) override;
  Histogram histogram(const Instrument& instrument, std::span<const Field> attributes) override;

 private:
  class Cell;
  Cell& cell(const Instrument& instrument, std::span<const Field> attributes);

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Cell>, std::less<>> cells_;
};

}  // namespace pintle::testing

// A meter for those who have none: it adds up, and says what it has.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <pintle/base/observe.hpp>

namespace layers {

class CountingMeter final : public pintle::Meter {
 public:
  CountingMeter();
  ~CountingMeter();
  pintle::Meters meters() { return pintle::Meters(this); }
  // One line for each instrument that was used; a histogram says the sum of what it was given.
  void log_to(const pintle::Logger& log) const;

  pintle::Counter counter(const pintle::Instrument& instrument, std::span<const pintle::Field> attributes) override;
  pintle::Gauge gauge(const pintle::Instrument& instrument, std::span<const pintle::Field> attributes) override;
  pintle::Histogram histogram(const pintle::Instrument& instrument, std::span<const pintle::Field> attributes) override;

 private:
  struct Cell;
  Cell& cell(const pintle::Instrument& instrument, std::span<const pintle::Field> attributes);

  mutable std::mutex mutex_;  // of the map; cells are atomic
  std::map<std::string, std::unique_ptr<Cell>> cells_;
};

}  // namespace layers

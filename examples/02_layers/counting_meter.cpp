#include <atomic>

#include "counting_meter.hpp"

namespace layers {

struct CountingMeter::Cell final : pintle::CounterCell, pintle::GaugeCell, pintle::HistogramCell {
  void add(std::uint64_t n) noexcept override { sum.fetch_add(static_cast<double>(n)); }
  void add(double n) noexcept override { sum.fetch_add(n); }
  void set(double n) noexcept override { sum = n; }
  void record(double n) noexcept override { sum.fetch_add(n); }
  std::atomic<double> sum = 0;
};

CountingMeter::CountingMeter() = default;
CountingMeter::~CountingMeter() = default;

CountingMeter::Cell& CountingMeter::cell(const pintle::Instrument& instrument,
                                         std::span<const pintle::Field> attributes) {
  std::string name(instrument.name);
  for (const pintle::Field& attribute : attributes)
    if (const auto* text = std::get_if<std::string_view>(&attribute.value)) name.append(" ").append(*text);
  std::lock_guard lock(mutex_);
  std::unique_ptr<Cell>& found = cells_[name];
  if (found == nullptr) found = std::make_unique<Cell>();
  return *found;
}

pintle::Counter CountingMeter::counter(const pintle::Instrument& instrument,
                                       std::span<const pintle::Field> attributes) {
  return pintle::Counter(&cell(instrument, attributes));
}
pintle::Gauge CountingMeter::gauge(const pintle::Instrument& instrument, std::span<const pintle::Field> attributes) {
  return pintle::Gauge(&cell(instrument, attributes));
}
pintle::Histogram CountingMeter::histogram(const pintle::Instrument& instrument,
                                           std::span<const pintle::Field> attributes) {
  return pintle::Histogram(&cell(instrument, attributes));
}

void CountingMeter::log_to(const pintle::Logger& log) const {
  std::lock_guard lock(mutex_);
  for (const auto& [name, cell] : cells_)
    if (cell->sum != 0) log.info("measured", {{"what", std::string_view(name)}, {"sum", cell->sum.load()}});
}

}  // namespace layers

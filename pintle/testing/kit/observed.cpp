#include <pintle/testing/kit/observed.hpp>

#include <fmt/format.h>

namespace pintle::testing {

namespace {

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warn:
      return "warn";
    case Level::error:
      break;
  }
  return "error";
}

std::string text_of(const Field::Value& value) {
  return std::visit([](const auto& v) { return fmt::format("{}", v); }, value);
}

}  // namespace

std::vector<std::string> ObservedLog::lines() const {
  std::lock_guard lock(mutex_);
  return lines_;
}

void ObservedLog::write(Level level, std::string_view message, std::span<const Field> fields) noexcept {
  std::string line = fmt::format("{} {}", name_of(level), message);
  for (const Field& field : fields) line += fmt::format(" {}={}", field.key, text_of(field.value));
  std::lock_guard lock(mutex_);
  lines_.push_back(std::move(line));
}

class ObservedMeter::Cell final : public CounterCell, public GaugeCell, public HistogramCell {
 public:
  explicit Cell(std::mutex& mutex) : mutex_(mutex) {}
  void add(std::uint64_t n) noexcept override { change(static_cast<double>(n)); }
  void add(double n) noexcept override { change(n); }
  void set(double n) noexcept override {
    std::lock_guard lock(mutex_);
    value = n;
  }
  void record(double n) noexcept override {
    std::lock_guard lock(mutex_);
    value += 1;
    records.push_back(n);
  }

  double value = 0;
  std::vector<double> records;

 private:
  void change(double n) {
    std::lock_guard lock(mutex_);
    value += n;
  }
  std::mutex& mutex_;
};

ObservedMeter::Cell& ObservedMeter::cell(const Instrument& instrument, std::span<const Field> attributes) {
  std::string name(instrument.name);
  for (const Field& attribute : attributes)
    name +=
        fmt::format("{}{}={}", &attribute == attributes.data() ? "{" : ",", attribute.key, text_of(attribute.value));
  if (!attributes.empty()) name += '}';
  std::lock_guard lock(mutex_);
  std::shared_ptr<Cell>& found = cells_[name];
  if (found == nullptr) found = std::make_shared<Cell>(mutex_);
  return *found;
}

Counter ObservedMeter::counter(const Instrument& instrument, std::span<const Field> attributes) {
  return Counter(&cell(instrument, attributes));
}
Gauge ObservedMeter::gauge(const Instrument& instrument, std::span<const Field> attributes) {
  return Gauge(&cell(instrument, attributes));
}
Histogram ObservedMeter::histogram(const Instrument& instrument, std::span<const Field> attributes) {
  return Histogram(&cell(instrument, attributes));
}

double ObservedMeter::value(std::string_view name) const {
  std::lock_guard lock(mutex_);
  const auto found = cells_.find(name);
  return found != cells_.end() ? found->second->value : 0;
}

std::vector<double> ObservedMeter::records(std::string_view name) const {
  std::lock_guard lock(mutex_);
  const auto found = cells_.find(name);
  return found != cells_.end() ? found->second->records : std::vector<double>();
}

std::vector<std::string> ObservedMeter::cells() const {
  std::lock_guard lock(mutex_);
  std::vector<std::string> names;
  names.reserve(cells_.size());
  for (const auto& [name, cell] : cells_) names.push_back(name);
  return names;
}

}  // namespace pintle::testing

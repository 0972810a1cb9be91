#include <pintle/telemetry/metrics/metric_registry.hpp>

#include <algorithm>
#include <bit>
#include <new>
#include <utility>

#include <fmt/format.h>

namespace pintle {

namespace {

using Attributes = std::vector<std::pair<std::string, std::string>>;
using Slot = std::atomic<std::uint64_t>;

constexpr std::size_t kLine = 64;    // bytes of a cache line
constexpr std::size_t kChunk = 512;  // slots, per shard
constexpr double kDefaultBounds[] = {.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10};

std::size_t thread_number() {
  static std::atomic<std::size_t> threads = 0;
  thread_local const std::size_t kMine = threads.fetch_add(1, std::memory_order_relaxed);
  return kMine;
}

std::string text_of(const Field::Value& value) {
  struct Text {
    std::string operator()(std::string_view text) const { return std::string(text); }
    std::string operator()(std::int64_t n) const { return fmt::format("{}", n); }
    std::string operator()(double d) const { return fmt::format("{}", d); }
    std::string operator()(bool b) const { return b ? "true" : "false"; }
  };
  return std::visit(Text(), value);
}

Attributes attributes_of(std::span<const Field> fields) {
  Attributes attributes;
  for (const Field& field : fields) attributes.emplace_back(field.key, text_of(field.value));
  return attributes;
}

void add_double(Slot& slot, double change) {
  std::uint64_t seen = slot.load(std::memory_order_relaxed);
  while (!slot.compare_exchange_weak(seen, std::bit_cast<std::uint64_t>(std::bit_cast<double>(seen) + change),
                                     std::memory_order_relaxed)) {
  }
}

// The slots of one series: a run of them in each shard.
struct Run {
  Slot* first = nullptr;  // in the first shard
  std::size_t stride = 0, shards = 0;

  Slot* mine() const { return first + thread_number() % shards * stride; }
  std::uint64_t sum(std::size_t i) const {
    std::uint64_t all = 0;
    for (std::size_t s = 0; s < shards; ++s) all += first[s * stride + i].load(std::memory_order_relaxed);
    return all;
  }
  double sum_double(std::size_t i) const {
    double all = 0;
    for (std::size_t s = 0; s < shards; ++s)
      all += std::bit_cast<double>(first[s * stride + i].load(std::memory_order_relaxed));
    return all;
  }
};

}  // namespace

// Chunks of slots: in each, those of one shard lie together, so that threads of different shards share no cache line.
class MetricRegistry::Slots {
 public:
  explicit Slots(std::size_t shards) : shards_(shards) {}

  Run take(std::size_t n) {
    if (chunks_.empty() || left_ < n) grow(std::max(n, kChunk));
    const Chunk& chunk = chunks_.back();
    const std::size_t at = chunk.stride - left_;
    left_ -= n;
    return {chunk.slots.get() + at, chunk.stride, shards_};
  }

 private:
  struct Free {
    void operator()(Slot* slots) const { ::operator delete(slots, std::align_val_t(kLine)); }
  };
  struct Chunk {
    std::unique_ptr<Slot[], Free> slots;
    std::size_t stride;
  };
  void grow(std::size_t n) {
    constexpr std::size_t kPerLine = kLine / sizeof(Slot);
    const std::size_t stride = (n + kPerLine - 1) / kPerLine * kPerLine, all = stride * shards_;
    auto* memory = static_cast<Slot*>(::operator new(all * sizeof(Slot), std::align_val_t(kLine)));
    for (std::size_t i = 0; i < all; ++i) new (memory + i) Slot(0);
    chunks_.push_back({std::unique_ptr<Slot[], Free>(memory), stride});
    left_ = stride;
  }

  const std::size_t shards_;
  std::vector<Chunk> chunks_;
  std::size_t left_ = 0;  // in the last one
};

class MetricRegistry::CounterSeries final : public CounterCell {
 public:
  explicit CounterSeries(Run run) : run_(run) {}
  void add(std::uint64_t n) noexcept override { run_.mine()->fetch_add(n, std::memory_order_relaxed); }
  void read(MetricPoint& point) const { point.value = static_cast<double>(run_.sum(0)); }

 private:
  const Run run_;
};

class MetricRegistry::GaugeSeries final : public GaugeCell {
 public:
  explicit GaugeSeries(Run run) : run_(run) {}
  void add(double change) noexcept override { add_double(*run_.mine(), change); }
  void set(double value) noexcept override {
    run_.first->store(std::bit_cast<std::uint64_t>(value), std::memory_order_relaxed);
  }
  void read(MetricPoint& point) const { point.value = run_.sum_double(0); }

 private:
  const Run run_;
};

// A slot for the sum, then one for each bucket.
class MetricRegistry::HistogramSeries final : public HistogramCell {
 public:
  HistogramSeries(Run run, std::span<const double> bounds) : run_(run), bounds_(bounds) {}
  void record(double value) noexcept override { count(value, bucket_of(value)); }
  void record(double value, const TraceRef& trace) noexcept override {
    const std::size_t bucket = bucket_of(value);
    count(value, bucket);
    if (keeping_.test_and_set(std::memory_order_acquire)) return;  // another one is kept instead
    if (exemplars_ == nullptr) exemplars_.reset(new (std::nothrow) Exemplar[bounds_.size() + 1]());
    if (exemplars_ != nullptr) exemplars_[bucket] = {value, trace.high, trace.low, trace.span};
    keeping_.clear(std::memory_order_release);
  }
  void read(MetricPoint& point) const {
    point.sum = run_.sum_double(0);
    for (std::size_t i = 0; i <= bounds_.size(); ++i) {
      point.buckets.push_back(run_.sum(1 + i));
      point.count += point.buckets.back();
    }
    if (keeping_.test_and_set(std::memory_order_acquire)) return;
    for (std::size_t i = 0; exemplars_ != nullptr && i <= bounds_.size(); ++i)
      if (exemplars_[i].trace_high != 0 || exemplars_[i].trace_low != 0) point.exemplars.emplace_back(i, exemplars_[i]);
    keeping_.clear(std::memory_order_release);
  }

 private:
  std::size_t bucket_of(double value) const {
    return static_cast<std::size_t>(std::ranges::lower_bound(bounds_, value) - bounds_.begin());
  }
  void count(double value, std::size_t bucket) noexcept {
    Slot* const mine = run_.mine();
    mine[1 + bucket].fetch_add(1, std::memory_order_relaxed);
    add_double(mine[0], value);
  }

  const Run run_;
  const std::span<const double> bounds_;
  mutable std::atomic_flag keeping_;
  std::unique_ptr<Exemplar[]> exemplars_;  // guarded by keeping_; null until there is one
};

struct MetricRegistry::Series {
  explicit Series(Attributes a) : attributes(std::move(a)) {}
  const Attributes attributes;
  std::unique_ptr<CounterSeries> counter;  // one of the three
  std::unique_ptr<GaugeSeries> gauge;
  std::unique_ptr<HistogramSeries> histogram;
};

struct MetricRegistry::Family {
  explicit Family(MetricFamily d) : about(std::move(d)) {}
  const MetricFamily about;  // without points
  std::map<Attributes, std::unique_ptr<Series>> series;
};

MetricRegistry::MetricRegistry(MetricOptions options)
    : options_(options), slots_(std::make_unique<Slots>(std::max<std::size_t>(1, options.shards))) {}

MetricRegistry::~MetricRegistry() = default;

std::span<const double> MetricRegistry::default_bounds() { return kDefaultBounds; }

MetricRegistry::Family& MetricRegistry::family(MetricKind kind, const Instrument& instrument) {
  const auto make = [&] {
    MetricFamily about(kind, std::string(instrument.name), std::string(instrument.unit),
                       std::string(instrument.description));
    if (kind == MetricKind::histogram) {
      const std::span<const double> bounds = instrument.buckets.empty() ? default_bounds() : instrument.buckets;
      about.bounds.assign(bounds.begin(), bounds.end());
    }
    return std::make_unique<Family>(std::move(about));
  };
  const auto found = families_.find(instrument.name);
  if (found == families_.end()) return *families_.emplace(std::string(instrument.name), make()).first->second;
  if (found->second->about.kind == kind) return *found->second;
  for (const auto& misfit : misfits_)
    if (misfit->about.kind == kind && misfit->about.name == instrument.name) return *misfit;
  return *misfits_.emplace_back(make());
}

MetricRegistry::Series& MetricRegistry::series(MetricKind kind, const Instrument& instrument,
                                               std::span<const Field> attributes) {
  Family& of = family(kind, instrument);
  Attributes wanted = attributes_of(attributes);
  auto found = of.series.find(wanted);
  if (found == of.series.end() && of.series.size() >= options_.max_series) {
    wanted = {{"otel.metric.overflow", "true"}};
    found = of.series.find(wanted);
  }
  if (found != of.series.end()) return *found->second;
  auto made = std::make_unique<Series>(wanted);
  switch (kind) {
    case MetricKind::counter:
      made->counter = std::make_unique<CounterSeries>(slots_->take(1));
      break;
    case MetricKind::gauge:
      made->gauge = std::make_unique<GaugeSeries>(slots_->take(1));
      break;
    case MetricKind::histogram:
      made->histogram = std::make_unique<HistogramSeries>(slots_->take(of.about.bounds.size() + 2), of.about.bounds);
      break;
  }
  return *of.series.emplace(std::move(wanted), std::move(made)).first->second;
}

Counter MetricRegistry::counter(const Instrument& instrument, std::span<const Field> attributes) {
  std::lock_guard lock(mutex_);
  return Counter(series(MetricKind::counter, instrument, attributes).counter.get());
}

Gauge MetricRegistry::gauge(const Instrument& instrument, std::span<const Field> attributes) {
  std::lock_guard lock(mutex_);
  return Gauge(series(MetricKind::gauge, instrument, attributes).gauge.get());
}

Histogram MetricRegistry::histogram(const Instrument& instrument, std::span<const Field> attributes) {
  std::lock_guard lock(mutex_);
  return Histogram(series(MetricKind::histogram, instrument, attributes).histogram.get());
}

std::vector<MetricFamily> MetricRegistry::gather() const {
  std::lock_guard lock(mutex_);
  std::vector<MetricFamily> all;
  for (const auto& [name, family] : families_) {
    MetricFamily& out = all.emplace_back(family->about);
    for (const auto& [attributes, series] : family->series) {
      MetricPoint& point = out.points.emplace_back(attributes, 0);
      if (series->counter != nullptr) series->counter->read(point);
      if (series->gauge != nullptr) series->gauge->read(point);
      if (series->histogram != nullptr) series->histogram->read(point);
    }
  }
  return all;
}

}  // namespace pintle

#include <pintle/telemetry/tracing/tracer.hpp>

#include <algorithm>
#include <cmath>

namespace pintle {

namespace {

constexpr std::size_t kMostAttributes = 128, kMostEvents = 128;  // OpenTelemetry's limits

}  // namespace

Tracer::Tracer(const Sampler& sampler, SpanSink* sink, const Clock& clock, const Random& random, WallClock wall)
    : sampler_(sampler),
      sink_(sink),
      clock_(clock),
      wall_(wall ? std::move(wall) : WallClock([] { return SpanTime(std::chrono::system_clock::now()); })),
      ids_(static_cast<std::uint64_t>(std::ldexp(random(), 53)) << 11 ^
           static_cast<std::uint64_t>(std::ldexp(random(), 53))) {}

// splitmix64: the ids of a process don't repeat, and look random.
std::uint64_t Tracer::next_id() const {
  std::uint64_t z = ids_.fetch_add(0x9e3779b97f4a7c15, std::memory_order_relaxed);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  z ^= z >> 31;
  return z != 0 ? z : 1;
}

Span Tracer::begin(std::string_view name, SpanKind kind, const TraceContext* parent, bool remote) const {
  Span span;
  TraceContext& context = span.context_;
  if (parent != nullptr) {
    context = *parent;
  } else {
    context.trace_high = next_id();
    context.trace_low = next_id();
  }
  context.span = next_id();
  context.sampled =
      sampler_.samples(parent, context.trace_low);  // for those who are called, though nobody takes spans here
  if (sink_ == nullptr || !context.sampled) return span;
  span.data_ = std::make_unique<SpanData>();
  SpanData& data = *span.data_;
  data.context = context;
  data.parent = parent != nullptr ? parent->span : 0;
  data.parent_is_remote = remote;
  data.name = name;
  data.kind = kind;
  data.begin = wall_();
  span.begun_ = clock_.now();
  span.tracer_ = this;
  return span;
}

Span& Span::operator=(Span&& other) noexcept {
  finish();
  context_ = std::move(other.context_);
  data_ = std::move(other.data_);
  begun_ = other.begun_;
  tracer_ = other.tracer_;
  return *this;
}

SpanTime Span::now() const {
  return data_->begin + std::chrono::duration_cast<std::chrono::nanoseconds>(tracer_->clock_.now() - begun_);
}

Span& Span::set_value(std::string_view key, SpanValue value) {
  if (data_ == nullptr) return *this;
  auto& all = data_->attributes;
  const auto found = std::ranges::find(all, key, &std::pair<std::string, SpanValue>::first);
  if (found != all.end())
    found->second = std::move(value);
  else if (all.size() < kMostAttributes)
    all.emplace_back(key, std::move(value));
  else
    ++data_->dropped_attributes;
  return *this;
}

Span& Span::event(std::string_view name) {
  if (data_ == nullptr) return *this;
  if (data_->events.size() < kMostEvents)
    data_->events.push_back({now(), std::string(name), {}});
  else
    ++data_->dropped_events;
  return *this;
}

Span& Span::fail(std::string_view why) {
  if (data_ == nullptr) return *this;
  data_->failed = true;
  data_->error = why;
  return *this;
}

void Span::finish() {
  if (data_ == nullptr) return;
  data_->end = now();
  tracer_->sink_->ended(std::move(data_));
}

}  // namespace pintle

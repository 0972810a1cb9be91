// A span, as it is recorded and as a handler sees it.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <pintle/base/status.hpp>
#include <pintle/rpc/call.hpp>
#include <pintle/telemetry/tracing/trace_context.hpp>

namespace pintle {

enum class SpanKind : std::uint8_t { internal, server, client };

using SpanValue = std::variant<std::string, std::int64_t, double, bool>;
using SpanTime = std::chrono::sys_time<std::chrono::nanoseconds>;

// What travels to a collector.
struct SpanData {
  struct Event {
    SpanTime at;
    std::string name;
    std::vector<std::pair<std::string, SpanValue>> attributes;
  };
  TraceContext context;
  std::uint64_t parent = 0;  // 0: it is the root of its trace
  bool parent_is_remote = false;
  std::string name;
  SpanKind kind = SpanKind::internal;
  SpanTime begin, end;
  std::vector<std::pair<std::string, SpanValue>> attributes;
  std::vector<Event> events;
  std::size_t dropped_attributes = 0, dropped_events = 0;
  bool failed = false;
  std::string error;  // of one that failed
};

// Where spans end up. Any thread; neither waits nor throws.
class SpanSink {
 public:
  virtual void ended(std::unique_ptr<SpanData> span) noexcept = 0;

 protected:
  ~SpanSink() = default;
};

// A span that is under way: where its ids and its time come from is the tracer's business. Moveable; ends with its
// destruction at the latest. One that is not recorded does nothing, and costs a compare. The thread that made it.
class Span {
 public:
  Span() = default;
  Span(Span&& other) noexcept = default;
  Span& operator=(Span&& other) noexcept;
  ~Span() { finish(); }

  bool recorded() const { return data_ != nullptr; }
  const TraceContext& context() const { return context_; }

  // An attribute more, or another value of one that is there; what comes on top of 128 is counted only. Names as
  // OpenTelemetry has them: lower case, dots.
  Span& set(std::string_view key, std::string_view value) { return set_value(key, std::string(value)); }
  Span& set(std::string_view key, const char* value) { return set_value(key, std::string(value)); }
  Span& set(std::string_view key, bool value) { return set_value(key, value); }
  Span& set(std::string_view key, double value) { return set_value(key, value); }
  template <std::integral T>
  Span& set(std::string_view key, T value) {
    return set_value(key, static_cast<std::int64_t>(value));
  }
  // Something that happened now; what comes on top of 128 is counted only.
  Span& event(std::string_view name);
  // It failed, for that reason.
  Span& fail(std::string_view why);
  // Its end; nothing is recorded afterwards.
  void finish();

 private:
  friend class Tracer;
  Span& set_value(std::string_view key, SpanValue value);
  SpanTime now() const;

  TraceContext context_;
  std::unique_ptr<SpanData> data_;  // null: it is not recorded, or has ended
  std::chrono::steady_clock::time_point begun_;
  const class Tracer* tracer_ = nullptr;
};

}  // namespace pintle

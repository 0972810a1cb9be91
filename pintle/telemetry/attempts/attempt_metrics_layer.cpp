#include <pintle/telemetry/attempts/attempt_metrics_layer.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <mutex>

#include <pintle/telemetry/metrics/rpc_bounds.hpp>
#include <pintle/telemetry/rpc_conventions.hpp>

namespace pintle {

namespace {

class Measuring final : public Handler {
 public:
  Measuring(std::string target, const Site& site, Handler& next)
      : target_(std::move(target)),
        method_(rpc_method(site.method.path) == "_OTHER" ? "other" : rpc_method(site.method.path)),
        meters_(site.meters),
        started_(site.meters.counter(
            {"grpc.client.attempt.started", "{attempt}", "Attempts that began.", {}},
            {{"grpc.method", std::string_view(method_)}, {"grpc.target", std::string_view(target_)}})),
        next_(next) {}

  Task<Status> operator()(LayerCall& call) override {
    started_.add();
    Status status = co_await next_(call);
    const OfCode& cells = of(status.code());
    TraceRef trace;
    if (call.facts.sampled) trace = {call.facts.trace_high, call.facts.trace_low, call.facts.span};
    cells.duration.record(std::chrono::duration<double>(call.elapsed()).count(), trace);
    cells.sent.record(static_cast<double>(call.traffic.out.wire_bytes));
    cells.received.record(static_cast<double>(call.traffic.in.wire_bytes));
    co_return status;
  }

 private:
  static constexpr std::size_t kCodes = 17;
  // Made when an attempt ends with that code for the first time.
  struct OfCode {
    std::atomic<bool> there = false;
    Histogram duration, sent, received;
  };

  const OfCode& of(Code code) {
    OfCode& cells = codes_[static_cast<std::size_t>(code) % kCodes];
    if (cells.there.load(std::memory_order_acquire)) [[likely]]
      return cells;
    const std::lock_guard lock(mutex_);
    if (cells.there.load(std::memory_order_relaxed)) return cells;
    const auto histogram = [&](std::string_view name, std::string_view unit, std::string_view about,
                               std::span<const double> bounds) {
      return meters_.histogram({name, unit, about, bounds}, {{"grpc.method", std::string_view(method_)},
                                                             {"grpc.target", std::string_view(target_)},
                                                             {"grpc.status", code_name(code)}});
    };
    cells.duration = histogram("grpc.client.attempt.duration", "s", "How long attempts took.", kLatencyBounds);
    cells.sent = histogram("grpc.client.attempt.sent_total_compressed_message_size", "By",
                           "Bytes of all messages of an attempt that were sent.", kSizeBounds);
    cells.received = histogram("grpc.client.attempt.rcvd_total_compressed_message_size", "By",
                               "Bytes of all messages of an attempt that came.", kSizeBounds);
    cells.there.store(true, std::memory_order_release);
    return cells;
  }

  const std::string target_, method_;
  const Meters meters_;
  const Counter started_;
  std::mutex mutex_;  // of those who make
  std::array<OfCode, kCodes> codes_;
  Handler& next_;
};

}  // namespace

std::unique_ptr<Handler> AttemptMetricsLayer::wrap(const Site& site, Handler& next) const {
  if (site.side != Side::client) return nullptr;
  return std::make_unique<Measuring>(target_, site, next);
}

}  // namespace pintle

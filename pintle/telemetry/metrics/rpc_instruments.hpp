// The instruments of one method, under each family of names: what a call is counted in, without a call in sight.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>

#include <pintle/base/observe.hpp>
#include <pintle/base/status.hpp>
#include <pintle/rpc/layer.hpp>
#include <pintle/telemetry/metrics/rpc_metrics_layer.hpp>

namespace pintle {

// How a call ended.
struct CallTotals {
  Code code = Code::ok;
  double seconds = 0;
  std::uint64_t messages_in = 0, messages_out = 0;
  std::uint64_t wire_bytes_in = 0, wire_bytes_out = 0;
  TraceRef trace;  // zeroes: it is not traced, or not sampled
};

// Any thread.
class RpcInstruments {
 public:
  RpcInstruments(const RpcMetricsOptions& options, Side side, const MethodInfo& method, Meters meters);

  void started() const;
  void ended(const CallTotals& totals);

 private:
  static constexpr std::size_t kCodes = 17;
  // What is made when a call ends with that code for the first time.
  struct OfCode {
    std::atomic<bool> there = false;
    Histogram otel_duration, grpc_duration, sent, received;
  };
  OfCode& of(Code code);
  void make(Code code, OfCode& made) const;

  const RpcMetricsOptions options_;
  const Side side_;
  const Meters meters_;
  std::string path_, grpc_method_, service_, name_, type_;
  Counter grpc_started_, started_, messages_in_, messages_out_;
  Histogram handling_;
  std::array<Counter, kCodes> handled_;
  std::mutex mutex_;  // of those who make
  std::array<OfCode, kCodes> codes_;
};

}  // namespace pintle

// Which trace and span a call belongs to, and how that is written in metadata.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pintle {

struct TraceContext {
  std::uint64_t trace_high = 0, trace_low = 0, span = 0;
  bool sampled = false;
  std::string state;  // W3C tracestate, as it came; empty: none

  // Ids of zeroes are none.
  bool valid() const { return (trace_high | trace_low) != 0 && span != 0; }
  // "0af7651916cd43dd8448eb211c80319c" and "b7ad6b7169203331".
  std::string trace_id() const;
  std::string span_id() const;
  friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

// W3C Trace Context level 1 and 2, section 3.2: version 00 is read exactly, a later one by its first four parts; upper
// case, ids of zeroes, version ff and all else are nothing.
std::optional<TraceContext> parse_traceparent(std::string_view text);
std::string format_traceparent(const TraceContext& context);
// Section 3.3: whether a list of members may travel on: at most 32 of them and 512 characters, each "key=value".
bool is_tracestate(std::string_view text);

// B3 in one header: "{trace id of 16 or 32 digits}-{span id}-{0, 1 or d}-{parent}", the last two optional. "0" alone,
// which only says that nothing is sampled, is nothing.
std::optional<TraceContext> parse_b3(std::string_view text);
std::string format_b3(const TraceContext& context);
// B3 in several headers: X-B3-TraceId, X-B3-SpanId, X-B3-Sampled ("1", "0", "true", "false"; "" when it is not there).
std::optional<TraceContext> parse_b3(std::string_view trace, std::string_view span, std::string_view sampled);

// grpc-trace-bin, decoded: OpenCensus' binary format of 29 bytes; without the flags' field it is not sampled.
std::optional<TraceContext> parse_grpc_trace_bin(std::string_view bytes);
std::string format_grpc_trace_bin(const TraceContext& context);

}  // namespace pintle

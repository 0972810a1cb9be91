#include <pintle/telemetry/tracing/trace_context.hpp>

#include <algorithm>

namespace pintle {

namespace {

std::optional<std::uint64_t> from_hex(std::string_view digits) {
  std::uint64_t bits = 0;
  for (const char c : digits) {
    const int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (value < 0) return std::nullopt;
    bits = bits << 4 | static_cast<std::uint64_t>(value);
  }
  return bits;
}

void append_hex(std::uint64_t bits, std::string& out) {
  for (int shift = 60; shift >= 0; shift -= 4) out.push_back("0123456789abcdef"[bits >> shift & 15]);
}

std::uint64_t load(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes.substr(0, 8)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

void store(std::uint64_t value, std::string& out) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift & 0xff));
}

// Of 16 or 32 digits.
bool set_trace(std::string_view digits, TraceContext& context) {
  if (digits.size() != 16 && digits.size() != 32) return false;
  const auto high = digits.size() == 32 ? from_hex(digits.substr(0, 16)) : std::uint64_t{0};
  const auto low = from_hex(digits.substr(digits.size() - 16));
  if (!high || !low) return false;
  context.trace_high = *high;
  context.trace_low = *low;
  return true;
}

bool set_span(std::string_view digits, TraceContext& context) {
  const auto span = digits.size() == 16 ? from_hex(digits) : std::nullopt;
  if (span) context.span = *span;
  return span.has_value();
}

std::optional<TraceContext> if_valid(TraceContext context) {
  if (!context.valid()) return std::nullopt;
  return context;
}

}  // namespace

std::string TraceContext::trace_id() const {
  std::string out;
  append_hex(trace_high, out);
  append_hex(trace_low, out);
  return out;
}

std::string TraceContext::span_id() const {
  std::string out;
  append_hex(span, out);
  return out;
}

std::optional<TraceContext> parse_traceparent(std::string_view text) {
  constexpr std::size_t kSize = 55;  // "00-", 32, "-", 16, "-", 2
  if (text.size() < kSize || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const auto version = from_hex(text.substr(0, 2)), flags = from_hex(text.substr(53, 2));
  if (!version || !flags || *version == 0xff) return std::nullopt;
  if (*version == 0 ? text.size() != kSize : text.size() > kSize && text[kSize] != '-') return std::nullopt;
  TraceContext context;
  if (!set_trace(text.substr(3, 32), context) || !set_span(text.substr(36, 16), context)) return std::nullopt;
  context.sampled = (*flags & 1) != 0;
  return if_valid(std::move(context));
}

std::string format_traceparent(const TraceContext& context) {
  std::string out = "00-";
  out.reserve(55);
  append_hex(context.trace_high, out);
  append_hex(context.trace_low, out);
  out.push_back('-');
  append_hex(context.span, out);
  out += context.sampled ? "-01" : "-00";
  return out;
}

bool is_tracestate(std::string_view text) {
  constexpr std::size_t kMost = 32, kLongest = 512;
  if (text.empty() || text.size() > kLongest) return false;
  std::size_t members = 0;
  while (!text.empty()) {
    std::string_view member = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), member.size() + 1));
    while (!member.empty() && (member.front() == ' ' || member.front() == '\t')) member.remove_prefix(1);
    while (!member.empty() && (member.back() == ' ' || member.back() == '\t')) member.remove_suffix(1);
    if (member.empty()) continue;  // allowed between commas
    const std::size_t equals = member.find('=');
    if (equals == 0 || equals == std::string_view::npos || ++members > kMost) return false;
    if (!std::ranges::all_of(member, [](char c) { return c >= 0x20 && c < 0x7f; })) return false;
  }
  return members != 0;
}

std::optional<TraceContext> parse_b3(std::string_view text) {
  const std::size_t trace_end = text.find('-');
  if (trace_end == std::string_view::npos) return std::nullopt;
  TraceContext context;
  std::string_view rest = text.substr(trace_end + 1);
  const std::string_view span = rest.substr(0, rest.find('-'));
  if (!set_trace(text.substr(0, trace_end), context) || !set_span(span, context)) return std::nullopt;
  rest.remove_prefix(std::min(rest.size(), span.size() + 1));
  const std::string_view sampled = rest.substr(0, rest.find('-'));
  if (!sampled.empty() && sampled != "0" && sampled != "1" && sampled != "d") return std::nullopt;
  context.sampled = sampled == "1" || sampled == "d";
  return if_valid(std::move(context));
}

std::string format_b3(const TraceContext& context) {
  return context.trace_id() + "-" + context.span_id() + (context.sampled ? "-1" : "-0");
}

std::optional<TraceContext> parse_b3(std::string_view trace, std::string_view span, std::string_view sampled) {
  TraceContext context;
  if (!set_trace(trace, context) || !set_span(span, context)) return std::nullopt;
  context.sampled = sampled == "1" || sampled == "true" || sampled == "d";
  return if_valid(std::move(context));
}

std::optional<TraceContext> parse_grpc_trace_bin(std::string_view bytes) {
  constexpr std::size_t kWithoutFlags = 27, kWithFlags = 29;
  if (bytes.size() < kWithoutFlags || bytes[0] != 0 || bytes[1] != 0 || bytes[18] != 1) return std::nullopt;
  TraceContext context;
  context.trace_high = load(bytes.substr(2));
  context.trace_low = load(bytes.substr(10));
  context.span = load(bytes.substr(19));
  context.sampled = bytes.size() >= kWithFlags && bytes[27] == 2 && (bytes[28] & 1) != 0;
  return if_valid(std::move(context));
}

std::string format_grpc_trace_bin(const TraceContext& context) {
  std::string out(2, '\0');
  store(context.trace_high, out);
  store(context.trace_low, out);
  out.push_back(1);
  store(context.span, out);
  out.push_back(2);
  out.push_back(context.sampled ? 1 : 0);
  return out;
}

}  // namespace pintle

#include <algorithm>
#include <cmath>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <pintle/app/log.hpp>
#include <pintle/wire/utf8.hpp>

namespace pintle {
namespace {

constexpr std::string_view severity(Level level) {
  switch (level) {
    case Level::debug:
      return "DEBUG";
    case Level::info:
      return "INFO";
    case Level::warn:
      return "WARN";
    case Level::error:
      return "ERROR";
  }
  return "ERROR";
}

// RFC 3339 in UTC, with so many digits behind the second.
void append_time(std::chrono::sys_time<std::chrono::nanoseconds> time, int digits, std::string& out) {
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(second - day);
  auto fraction = (time - second).count();
  for (int i = digits; i < 9; ++i) fraction /= 10;
  fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:0{}}Z", static_cast<int>(date.year()),
                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                 clock.minutes().count(), clock.seconds().count(), fraction, digits);
}

constexpr bool needs_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' || c == 0x7F;
}

// Inside a pair of quotes, by RFC 8259 section 7.
void append_escaped(std::string_view text, std::string& out) {
  std::string repaired;
  if (!wire::valid_utf8(text)) text = repaired = wire::to_valid_utf8(text);
  for (const char c : text) {
    if (!needs_escape(c)) {
      out.push_back(c);
    } else if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
    }
  }
}

void append_quoted(std::string_view text, std::string& out) {
  out.push_back('"');
  append_escaped(text, out);
  out.push_back('"');
}

// Numbers and booleans look the same in both formats; JSON has no NaN and no infinity.
struct AppendValue {
  std::string& out;
  bool json;
  void operator()(std::int64_t n) const { fmt::format_to(std::back_inserter(out), "{}", n); }
  void operator()(bool b) const { out += b ? "true" : "false"; }
  void operator()(double d) const {
    const std::string_view quote = std::isfinite(d) || !json ? "" : "\"";
    fmt::format_to(std::back_inserter(out), "{0}{1}{0}", quote, d);
  }
  void operator()(std::string_view text) const {
    const bool bare = !json && !text.empty() && std::ranges::none_of(text, [](char c) {
      return needs_escape(c) || c == ' ' || c == '=' || static_cast<unsigned char>(c) >= 0x80;
    });
    if (bare) {
      out += text;
    } else {
      append_quoted(text, out);
    }
  }
};

struct Renaming {
  std::string_view from, to;
};
constexpr Renaming kEcs[] = {{"trace_id", "trace.id"},          {"span_id", "span.id"},
                             {"request_id", "http.request.id"}, {"peer.address", "client.address"},
                             {"grpc.error", "error.message"},   {"principal", "user.name"}};
constexpr Renaming kGcp[] = {{"trace_id", "logging.googleapis.com/trace"},
                             {"span_id", "logging.googleapis.com/spanId"}};

// How a format of JSON names what it has a name for.
struct JsonNames {
  std::string_view time, level, message, end;
  std::span<const Renaming> renamed;
  std::string_view of(std::string_view key) const {
    const auto found = std::ranges::find(renamed, key, &Renaming::from);
    return found != renamed.end() ? found->to : key;
  }
  bool taken(std::string_view key) const { return key == time || key == level || key == message; }
};

const JsonNames& names_of(LogFormat format) {
  static constexpr JsonNames kPlain{"time", "severity", "message", "", {}};
  static constexpr JsonNames kOfEcs{"@timestamp", "log.level", "message", R"(,"ecs.version":"8.11.0")", kEcs};
  static constexpr JsonNames kOfGcp{"time", "severity", "message", "", kGcp};
  return format == LogFormat::ecs ? kOfEcs : format == LogFormat::gcp ? kOfGcp : kPlain;
}

std::string_view severity_in(LogFormat format, Level level) {
  if (format == LogFormat::gcp && level == Level::warn) return "WARNING";
  if (format != LogFormat::ecs) return severity(level);
  constexpr std::string_view kLower[] = {"debug", "info", "warn", "error"};
  return kLower[static_cast<std::size_t>(level)];
}

void append_json(LogFormat format, std::chrono::sys_time<std::chrono::nanoseconds> time, Level level,
                 std::string_view message, std::span<const Field> fields, std::string& out) {
  const JsonNames& names = names_of(format);
  out.append("{\"").append(names.time).append("\":\"");
  append_time(time, 9, out);
  out.append("\",\"").append(names.level).append("\":\"").append(severity_in(format, level));
  out.append("\",\"").append(names.message).append("\":");
  append_quoted(message, out);
  for (const Field& field : fields) {
    const std::string_view key = names.of(field.key);
    out += ",\"";
    append_escaped(key, out);
    if (names.taken(key)) out.push_back('_');
    out += "\":";
    std::visit(AppendValue{out, true}, field.value);
  }
  out.append(names.end).push_back('}');
}

}  // namespace

void format_log_line(LogFormat format, std::chrono::sys_time<std::chrono::nanoseconds> time, Level level,
                     std::string_view message, std::span<const Field> fields, std::string& out) {
  if (format != LogFormat::text) {
    append_json(format, time, level, message, fields, out);
  } else {
    append_time(time, 3, out);
    fmt::format_to(std::back_inserter(out), " {:<5} ", severity(level));
    append_escaped(message, out);
    for (const Field& field : fields) {
      out.push_back(' ');
      append_escaped(field.key, out);
      out.push_back('=');
      std::visit(AppendValue{out, false}, field.value);
    }
  }
  out.push_back('\n');
}

}  // namespace pintle

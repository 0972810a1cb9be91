#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include <pintle/app/internal/line_text.hpp>
#include <pintle/app/log.hpp>

namespace pintle {
namespace {

using app::LineText;

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

// RFC 3339 in UTC, with so many digits behind the second. What is in front of them is the same for a whole second.
void append_time(std::chrono::sys_time<std::chrono::nanoseconds> time, std::size_t digits, LineText& out) {
  struct Second {
    std::chrono::sys_seconds at = std::chrono::sys_seconds::min();
    char text[21] = "";
  };
  thread_local Second last;  // NOLINT(misc-use-internal-linkage): a local
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  if (last.at != second) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(second - day);
    fmt::format_to_n(last.text, 20, "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
    last.at = second;
  }
  out.raw(last.text);
  auto fraction = static_cast<std::uint64_t>((time - second).count());
  for (std::size_t i = digits; i < 9; ++i) fraction /= 10;
  out.digits(fraction, digits);
  out.raw('Z');
}

// Numbers and booleans look the same in both formats; JSON has no NaN and no infinity.
struct AppendValue {
  LineText& out;
  bool json;
  void operator()(std::int64_t n) const { out.number(n); }
  void operator()(bool b) const { out.raw(b ? std::string_view("true") : "false"); }
  void operator()(double d) const {
    if (std::isfinite(d)) return out.number(d);
    const std::string_view word = std::isnan(d) ? "nan" : d > 0 ? "inf" : "-inf";
    json ? out.quoted(word) : out.raw(word);
  }
  void operator()(std::string_view text) const {
    const bool bare = !json && !text.empty() && std::ranges::none_of(text, [](char c) {
      return app::needs_escape(c) || c == ' ' || c == '=' || static_cast<unsigned char>(c) >= 0x80;
    });
    bare ? out.raw(text) : out.quoted(text);
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
                 std::string_view message, std::span<const Field> fields, LineText& out) {
  const JsonNames& names = names_of(format);
  out.raw("{\"");
  out.raw(names.time);
  out.raw("\":\"");
  append_time(time, 9, out);
  out.raw("\",\"");
  out.raw(names.level);
  out.raw("\":\"");
  out.raw(severity_in(format, level));
  out.raw("\",\"");
  out.raw(names.message);
  out.raw("\":");
  out.quoted(message);
  for (const Field& field : fields) {
    const std::string_view key = names.of(field.key);
    out.raw(",\"");
    out.escaped(key);
    if (names.taken(key)) out.raw('_');
    out.raw("\":");
    std::visit(AppendValue{out, true}, field.value);
  }
  out.raw(names.end);
  out.raw('}');
}

void append_text(std::chrono::sys_time<std::chrono::nanoseconds> time, Level level, std::string_view message,
                 std::span<const Field> fields, LineText& out) {
  append_time(time, 3, out);
  out.raw(' ');
  out.raw(severity(level));
  out.raw(severity(level).size() == 4 ? std::string_view("  ") : " ");
  out.escaped(message);
  for (const Field& field : fields) {
    out.raw(' ');
    out.escaped(field.key);
    out.raw('=');
    std::visit(AppendValue{out, false}, field.value);
  }
}

}  // namespace

void format_log_line(LogFormat format, std::chrono::sys_time<std::chrono::nanoseconds> time, Level level,
                     std::string_view message, std::span<const Field> fields, std::string& out) {
  thread_local LineText line;  // NOLINT(misc-use-internal-linkage): a local of this function
  line.clear();
  if (format == LogFormat::text)
    append_text(time, level, message, fields, line);
  else
    append_json(format, time, level, message, fields, line);
  line.raw('\n');
  out.append(line.view());
}

}  // namespace pintle

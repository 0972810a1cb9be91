#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include <fmt/compile.h>
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

// RFC 3339 in UTC, with so many digits behind the second. What is in front of them is the same for a whole second.
void append_time(std::chrono::sys_time<std::chrono::nanoseconds> time, int digits, std::string& out) {
  thread_local std::pair<std::chrono::sys_seconds, std::string> last;  // NOLINT(misc-use-internal-linkage): a local
  const auto second = std::chrono::floor<std::chrono::seconds>(time);
  if (last.first != second || last.second.empty()) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(second - day);
    last = {second, fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.", static_cast<int>(date.year()),
                                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                clock.hours().count(), clock.minutes().count(), clock.seconds().count())};
  }
  out += last.second;
  auto fraction = (time - second).count();
  for (int i = digits; i < 9; ++i) fraction /= 10;
  char text[9];
  for (int i = digits; i-- > 0; fraction /= 10) text[i] = static_cast<char>('0' + fraction % 10);
  out.append(text, static_cast<std::size_t>(digits)).push_back('Z');
}

constexpr bool needs_escape(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\' || c == 0x7F;
}

// Eight characters at a time: whether one of them is beyond ASCII or needs_escape().
constexpr bool any_special(std::uint64_t eight) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHigh = 0x8080808080808080;
  const auto equals = [&](char c) {
    const std::uint64_t x = eight ^ kOnes * static_cast<unsigned char>(c);
    return (x - kOnes) & ~x;
  };
  const std::uint64_t below_space = (eight - kOnes * 0x20) & ~eight;
  return ((eight | below_space | equals('"') | equals('\\') | equals('\x7F')) & kHigh) != 0;
}

// Nearly all texts are.
bool is_plain(std::string_view text) {
  const auto eight_at = [&](std::size_t at, std::size_t n) {
    std::uint64_t eight = 0x6161616161616161;  // what is not there is plain
    std::memcpy(&eight, text.data() + at, n);
    return eight;
  };
  std::size_t at = 0;
  for (; text.size() - at >= 8; at += 8)
    if (any_special(eight_at(at, 8))) return false;
  return at == text.size() || !any_special(eight_at(at, text.size() - at));
}

// Inside a pair of quotes, by RFC 8259 section 7.
void append_escaped(std::string_view text, std::string& out) {
  if (is_plain(text)) {
    out += text;
    return;
  }
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
  void operator()(std::int64_t n) const {
    char text[24];
    out.append(text, std::to_chars(text, text + sizeof text, n).ptr);
  }
  void operator()(bool b) const { out += b ? "true" : "false"; }
  void operator()(double d) const {
    if (std::isfinite(d)) {
      char text[32];
      out.append(text, fmt::format_to_n(text, sizeof text, FMT_COMPILE("{}"), d).out);
      return;
    }
    const std::string_view quote = json ? "\"" : "";
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

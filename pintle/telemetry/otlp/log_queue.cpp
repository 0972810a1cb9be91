#include <pintle/telemetry/otlp/log_queue.hpp>

#include <charconv>

namespace pintle {

namespace {

bool set_hex(std::string_view digits, std::uint64_t& to) {
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), to, 16);
  return failed == std::errc() && end == digits.data() + digits.size();
}

// Whether the field was an id of that name and is in its place now.
bool took_id(const Field& field, LogRecord& record) {
  const auto* text = std::get_if<std::string_view>(&field.value);
  if (text == nullptr) return false;
  if (field.key == "trace_id" && text->size() == 32)
    return set_hex(text->substr(0, 16), record.trace_high) && set_hex(text->substr(16), record.trace_low);
  return field.key == "span_id" && text->size() == 16 && set_hex(*text, record.span);
}

LogRecord::Value copied(const Field::Value& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) return std::string(*text);
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  if (const auto* number = std::get_if<double>(&value)) return *number;
  return std::get<bool>(value);
}

}  // namespace

LogQueue::LogQueue(LogSink& next, std::size_t most, std::size_t batch, WallClock clock)
    : ExportQueue(most, batch),
      next_(next),
      clock_(clock ? std::move(clock) : WallClock([] { return std::chrono::system_clock::now(); })) {}

void LogQueue::write(Level level, std::string_view message, std::span<const Field> fields) noexcept {
  next_.write(level, message, fields);
  try {
    LogRecord record;
    record.at = clock_();
    record.level = level;
    record.message = message;
    record.fields.reserve(fields.size());
    for (const Field& field : fields)
      if (!took_id(field, record)) record.fields.emplace_back(field.key, copied(field.value));
    put(std::move(record));
  } catch (...) {
    drop();
  }
}

}  // namespace pintle

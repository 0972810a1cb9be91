#include <pintle/telemetry/metrics/prometheus_text.hpp>

#include <cmath>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace pintle {

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string clean(std::string_view text, bool colons) {
  std::string out;
  for (const char c : text) out.push_back(is_letter(c) || is_digit(c) || (colons && c == ':') ? c : '_');
  if (out.empty() || is_digit(out.front())) out.insert(out.begin(), '_');
  return out;
}

// What a unit is called in a name. Annotations in braces are for people only.
std::string_view spelled_out(std::string_view unit, MetricKind kind) {
  if (unit == "s") return "seconds";
  if (unit == "ms") return "milliseconds";
  if (unit == "By") return "bytes";
  if (unit == "1") return kind == MetricKind::gauge ? "ratio" : "";
  if (unit.empty() || unit.front() == '{') return "";
  return unit;
}

void append_escaped(std::string_view text, bool quotes, std::string& out) {
  for (const char c : text) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else if (quotes && c == '"')
      out += "\\\"";
    else
      out.push_back(c);
  }
}

void append_number(double value, std::string& out) {
  if (std::isnan(value))
    out += "NaN";
  else if (std::isinf(value))
    out += value > 0 ? "+Inf" : "-Inf";
  else if (value == std::floor(value) && std::abs(value) < 1e15)
    fmt::format_to(std::back_inserter(out), "{}", static_cast<std::int64_t>(value));
  else
    fmt::format_to(std::back_inserter(out), "{}", value);
}

// A bucket's bound is a label: OpenMetrics wants it as a float.
std::string bound_text(double bound) {
  std::string text;
  append_number(bound, text);
  if (text.find_first_of(".eI") == std::string::npos) text += ".0";
  return text;
}

class Writer {
 public:
  Writer(MetricText format, std::string& out) : format_(format), out_(out) {}

  void family(const MetricFamily& family, const std::string& name) {
    const bool counter = family.kind == MetricKind::counter;
    const std::string shown = counter && format_ == MetricText::prometheus ? name + "_total" : name;
    out_.append("# HELP ").append(shown).append(" ");
    append_escaped(family.description, format_ == MetricText::open_metrics, out_);
    out_.append("\n# TYPE ").append(shown).append(" ").append(kind_name(family.kind)).append("\n");
    if (const auto unit = spelled_out(family.unit, family.kind);
        format_ == MetricText::open_metrics && !unit.empty() && name.ends_with("_" + std::string(unit)))
      out_.append("# UNIT ").append(name).append(" ").append(unit).append("\n");
    for (const MetricPoint& point : family.points) {
      if (family.kind == MetricKind::histogram)
        histogram(family, point, name);
      else
        sample(counter ? name + "_total" : name, point, {}, point.value);
    }
  }

 private:
  static std::string_view kind_name(MetricKind kind) {
    switch (kind) {
      case MetricKind::counter:
        return "counter";
      case MetricKind::gauge:
        return "gauge";
      case MetricKind::histogram:
        break;
    }
    return "histogram";
  }

  void histogram(const MetricFamily& family, const MetricPoint& point, const std::string& name) {
    std::uint64_t below = 0;
    auto exemplar = point.exemplars.begin();
    for (std::size_t i = 0; i < point.buckets.size(); ++i) {
      below += point.buckets[i];
      const bool last = i == family.bounds.size();
      const Exemplar* shown = nullptr;
      if (exemplar != point.exemplars.end() && exemplar->first == i) shown = &exemplar++->second;
      sample(name + "_bucket", point, last ? "+Inf" : bound_text(family.bounds[i]), static_cast<double>(below), shown);
    }
    sample(name + "_sum", point, {}, point.sum);
    sample(name + "_count", point, {}, static_cast<double>(point.count));
  }

  void sample(const std::string& name, const MetricPoint& point, std::string_view bound, double value,
              const Exemplar* exemplar = nullptr) {
    out_ += name;
    char before = '{';
    const auto label = [&](std::string_view key, std::string_view text) {
      out_.push_back(std::exchange(before, ','));
      out_.append(key).append("=\"");
      append_escaped(text, true, out_);
      out_.push_back('"');
    };
    for (const auto& [key, text] : point.attributes) label(clean(key, false), text);
    if (!bound.empty()) label("le", bound);
    if (before == ',') out_.push_back('}');
    out_.push_back(' ');
    append_number(value, out_);
    if (exemplar != nullptr && format_ == MetricText::open_metrics) {
      fmt::format_to(std::back_inserter(out_), " # {{trace_id=\"{:016x}{:016x}\",span_id=\"{:016x}\"}} ",
                     exemplar->trace_high, exemplar->trace_low, exemplar->span);
      append_number(exemplar->value, out_);
    }
    out_.push_back('\n');
  }

  const MetricText format_;
  std::string& out_;
};

}  // namespace

MetricText metric_text_for(std::string_view accept) {
  return accept.find("application/openmetrics-text") != std::string_view::npos ? MetricText::open_metrics
                                                                               : MetricText::prometheus;
}

std::string_view content_type(MetricText format) {
  return format == MetricText::open_metrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                            : "text/plain; version=0.0.4; charset=utf-8";
}

std::string prometheus_name(const MetricFamily& family) {
  std::string name = clean(family.name, true);
  if (family.kind == MetricKind::counter && name.ends_with("_total")) name.resize(name.size() - 6);
  const std::string unit = clean(spelled_out(family.unit, family.kind), false);
  if (unit != "_" && !name.ends_with("_" + unit)) name.append("_").append(unit);
  return name;
}

void write_metrics(std::span<const MetricFamily> families, MetricText format, std::string& out) {
  Writer writer(format, out);
  std::set<std::string> seen;
  for (const MetricFamily& family : families)
    if (const std::string name = prometheus_name(family); seen.insert(name).second) writer.family(family, name);
  if (format == MetricText::open_metrics) out += "# EOF\n";
}

}  // namespace pintle

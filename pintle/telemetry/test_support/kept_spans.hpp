// Spans that have ended, for a test to look at.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <pintle/telemetry/tracing/span.hpp>

namespace pintle::test {

class KeptSpans final : public SpanSink {
 public:
  void ended(std::unique_ptr<SpanData> span) noexcept override {
    std::lock_guard lock(mutex_);
    spans.push_back(std::move(span));
  }
  const SpanData& at(std::size_t i) const { return *spans.at(i); }

  std::vector<std::unique_ptr<SpanData>> spans;

 private:
  std::mutex mutex_;
};

// An attribute's text; "" when it is not there.
inline std::string attribute(const SpanData& span, std::string_view key) {
  const auto found = std::ranges::find(span.attributes, key, &std::pair<std::string, SpanValue>::first);
  if (found == span.attributes.end()) return "";
  struct Text {
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(std::int64_t n) const { return std::to_string(n); }
    std::string operator()(double d) const { return std::to_string(d); }
    std::string operator()(bool b) const { return b ? "true" : "false"; }
  };
  return std::visit(Text(), found->second);
}

}  // namespace pintle::test

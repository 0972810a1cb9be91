// Spans that wait for their export.
#pragma once

#include <memory>
#include <utility>

#include <pintle/telemetry/otlp/export_queue.hpp>
#include <pintle/telemetry/tracing/span.hpp>

namespace pintle {

class SpanQueue final : public SpanSink, public ExportQueue<std::unique_ptr<SpanData>> {
 public:
  using ExportQueue::ExportQueue;
  void ended(std::unique_ptr<SpanData> span) noexcept override { put(std::move(span)); }
};

}  // namespace pintle

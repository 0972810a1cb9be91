// Spans that wait for their export.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include <pintle/async/watched.hpp>
#include <pintle/telemetry/tracing/span.hpp>

namespace pintle {

// Any thread. Bounded: a collector that is away costs spans, not memory.
class SpanQueue final : public SpanSink {
 public:
  // What comes on top of `most` is dropped and counted; `batch` of them wake who waits for them.
  SpanQueue(std::size_t most, std::size_t batch) : most_(most), batch_(batch) {}
  SpanQueue(const SpanQueue&) = delete;

  void ended(std::unique_ptr<SpanData> span) noexcept override;
  // The oldest, up to a batch.
  std::vector<std::unique_ptr<SpanData>> take();
  std::size_t size() const;
  bool has_batch() const { return size() >= batch_; }
  // Since the beginning: for want of room, or of memory.
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
  // Changes when there is a batch.
  const Watched<std::size_t>& full() const { return full_; }

 private:
  const std::size_t most_, batch_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<SpanData>> waiting_;  // guarded by mutex_
  std::atomic<std::uint64_t> dropped_ = 0;
  Watched<std::size_t> full_{0};
};

}  // namespace pintle

#include <pintle/telemetry/tracing/span_queue.hpp>

#include <algorithm>
#include <iterator>

namespace pintle {

void SpanQueue::ended(std::unique_ptr<SpanData> span) noexcept {
  try {
    bool full = false;
    {
      std::lock_guard lock(mutex_);
      if (waiting_.size() >= most_) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
        return;
      }
      waiting_.push_back(std::move(span));
      full = waiting_.size() == batch_;
    }
    if (full) full_.set(batch_);
  } catch (...) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
  }
}

std::vector<std::unique_ptr<SpanData>> SpanQueue::take() {
  std::lock_guard lock(mutex_);
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(batch_, waiting_.size()));
  std::vector<std::unique_ptr<SpanData>> taken(std::move_iterator(waiting_.begin()), std::move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  return taken;
}

std::size_t SpanQueue::size() const {
  std::lock_guard lock(mutex_);
  return waiting_.size();
}

}  // namespace pintle

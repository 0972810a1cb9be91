// What waits for its export: spans, log records.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

#include <pintle/async/watched.hpp>

namespace pintle {

// Any thread. Bounded: a collector that is away costs records, not memory.
template <class T>
class ExportQueue {
 public:
  // What comes on top of `most` is dropped and counted; `batch` of them wake who waits for them.
  ExportQueue(std::size_t most, std::size_t batch) : most_(most), batch_(batch) {}
  ExportQueue(const ExportQueue&) = delete;

  void put(T&& one) noexcept {
    try {
      bool full = false;
      {
        std::lock_guard lock(mutex_);
        if (waiting_.size() >= most_) {
          drop();
          return;
        }
        waiting_.push_back(std::move(one));
        full = waiting_.size() == batch_;
      }
      if (full) full_.set(batch_);
    } catch (...) {
      drop();
    }
  }
  // One that there was no memory for.
  void drop() noexcept { dropped_.fetch_add(1, std::memory_order_relaxed); }
  // The oldest, up to a batch.
  std::vector<T> take() {
    std::lock_guard lock(mutex_);
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(batch_, waiting_.size()));
    std::vector<T> taken(std::move_iterator(waiting_.begin()), std::move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
    return taken;
  }
  std::size_t size() const {
    std::lock_guard lock(mutex_);
    return waiting_.size();
  }
  bool has_batch() const { return size() >= batch_; }
  // Since the beginning: for want of room, or of memory.
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
  // Changes when there is a batch.
  const Watched<std::size_t>& full() const { return full_; }

 private:
  const std::size_t most_, batch_;
  mutable std::mutex mutex_;
  std::vector<T> waiting_;  // guarded by mutex_
  std::atomic<std::uint64_t> dropped_ = 0;
  Watched<std::size_t> full_{0};
};

}  // namespace pintle

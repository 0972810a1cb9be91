// Says which method holds a loop: a handler that computes, or blocks, for so long keeps all other calls of its loop
// waiting.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <pintle/async/loop.hpp>
#include <pintle/base/clock.hpp>
#include <pintle/base/observe.hpp>

namespace pintle {

struct MethodInfo;

// What one loop does, written by its thread and looked at by another.
class HeldLoop final : public LoopWatch {
 public:
  explicit HeldLoop(std::size_t index) : index_(index) {}

  void runs(const Call* call) noexcept override;
  void rests() noexcept override { doing_.store(nullptr, std::memory_order_release); }

  // Logs, once for each, a run that look() has found going on for `limit` at least; counts it by its method.
  void look(TimePoint now, Duration limit, const Logger& log, const Meters& meters);

 private:
  const std::size_t index_;
  std::atomic<const MethodInfo*> doing_ = nullptr;  // null: it rests
  std::atomic<std::uint64_t> runs_ = 0;
  // Of the one who looks.
  std::uint64_t seen_ = 0;
  TimePoint since_;
  bool told_ = false;
};

// A thread that looks at the loops twice in `limit`. Make it before they turn; it must outlive their turning.
class HoldWatch {
 public:
  HoldWatch(std::vector<Loop*> loops, Duration limit, const Clock& clock, Logger log, Meters meters);
  HoldWatch(const HoldWatch&) = delete;
  // Before what the methods belong to is gone.
  ~HoldWatch();

 private:
  void watch();

  const Duration limit_;
  const Clock& clock_;
  const Logger log_;
  const Meters meters_;
  std::vector<std::unique_ptr<HeldLoop>> loops_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool over_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace pintle

// How the process deals with glibc's heap, so that memory that was kept for peers goes back to the system.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <pintle/async/loop.hpp>
#include <pintle/async/worker_pool.hpp>
#include <pintle/base/memory_budget.hpp>

namespace pintle {

// As many heaps ("arenas") as there are loops, and one for the workers, instead of eight for each CPU: what one thread
// frees another then finds. Call it before there are threads. MALLOC_ARENA_MAX and GLIBC_TUNABLES go first.
void limit_heaps(std::size_t loops);

// Once much less is charged to the budget than was at its peak, and it does not grow, a worker gives free memory back
// to the system (malloc_trim(3)): malloc keeps it otherwise, for as long as something behind it is in use. Loop's
// thread.
class HeapTrimmer {
 public:
  using Trim = void (*)() noexcept;
  static void trim_malloc() noexcept;
  HeapTrimmer(Loop& loop, WorkerPool& workers, std::shared_ptr<MemoryBudget> budget, Trim trim = trim_malloc);
  HeapTrimmer(const HeapTrimmer&) = delete;
  void start() { loop_.arm(alarm_, loop_.now() + kPeriod); }
  void stop() noexcept { alarm_.disarm(); }

  static constexpr Duration kPeriod = std::chrono::seconds(1);
  static constexpr std::size_t kWorthIt = std::size_t{16} << 20;  // bytes

 private:
  struct Alarm : Timer {
    explicit Alarm(HeapTrimmer& of) : Timer([](Timer* t) noexcept { static_cast<Alarm*>(t)->of.look(); }), of(of) {}
    HeapTrimmer& of;
  };
  void look() noexcept;

  Loop& loop_;
  WorkerPool& workers_;
  const std::shared_ptr<MemoryBudget> budget_;
  const Trim trim_;
  std::size_t peak_ = 0, last_ = 0;
  Alarm alarm_{*this};
};

}  // namespace pintle

#include <pintle/app/internal/heap.hpp>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <string_view>
#include <utility>

#include <malloc.h>

namespace pintle {
namespace {

constexpr std::size_t kNoise = std::size_t{1} << 20;  // bytes by which what is used may grow and be called steady

class Trim final : public WorkerPool::Job {
 public:
  static void on(WorkerPool& workers) {
    auto* job = new Trim;
    if (!workers.submit(*job)) delete job;
  }

 private:
  void run() noexcept override {
    ::malloc_trim(0);
    delete this;
  }
  void dropped() noexcept override { delete this; }
  void displaced() noexcept override { delete this; }
};

}  // namespace

void limit_heaps(std::size_t loops) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs yet
  const char *const count = std::getenv("MALLOC_ARENA_MAX"), *const tunables = std::getenv("GLIBC_TUNABLES");
  if (count != nullptr) return;
  if (tunables != nullptr && std::string_view(tunables).find("arena_max") != std::string_view::npos) return;
  ::mallopt(M_ARENA_MAX, static_cast<int>(loops) + 1);
}

HeapTrimmer::HeapTrimmer(Loop& loop, WorkerPool& workers, std::shared_ptr<MemoryBudget> budget)
    : loop_(loop), workers_(workers), budget_(std::move(budget)) {}

void HeapTrimmer::look() noexcept {
  const std::size_t used = budget_->used();
  peak_ = std::max({peak_, budget_->take_peak(), used});
  try {
    if (used <= last_ + kNoise && peak_ - used >= kWorthIt) {
      Trim::on(workers_);
      peak_ = used;
    }
    last_ = used;
    start();
  } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): a process without memory has no time for this
  }
}

}  // namespace pintle

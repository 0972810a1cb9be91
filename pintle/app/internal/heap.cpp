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

class TrimJob final : public WorkerPool::Job {
 public:
  static void submit(WorkerPool& workers, HeapTrimmer::Trim trim) {
    auto* job = new TrimJob(trim);
    if (!workers.submit(*job)) delete job;
  }

 private:
  explicit TrimJob(HeapTrimmer::Trim trim) : trim_(trim) {}
  void run() noexcept override {
    trim_();
    delete this;
  }
  void dropped() noexcept override { delete this; }
  void displaced() noexcept override { delete this; }

  const HeapTrimmer::Trim trim_;
};

}  // namespace

void limit_heaps(std::size_t loops) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs yet
  const char *const count = std::getenv("MALLOC_ARENA_MAX"), *const tunables = std::getenv("GLIBC_TUNABLES");
  if (count != nullptr) return;
  if (tunables != nullptr && std::string_view(tunables).find("arena_max") != std::string_view::npos) return;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs yet
  ::mallopt(M_ARENA_MAX, static_cast<int>(loops) + 1);
}

void HeapTrimmer::trim_malloc() noexcept { ::malloc_trim(0); }

HeapTrimmer::HeapTrimmer(Loop& loop, WorkerPool& workers, std::shared_ptr<MemoryBudget> budget, Trim trim)
    : loop_(loop), workers_(workers), budget_(std::move(budget)), trim_(trim) {}

void HeapTrimmer::look() noexcept {
  const std::size_t used = budget_->used();
  peak_ = std::max({peak_, budget_->take_peak(), used});
  try {
    if (used <= last_ + kNoise && peak_ - used >= kWorthIt) {
      TrimJob::submit(workers_, trim_);
      peak_ = used;
    }
    last_ = used;
    start();
  } catch (const std::bad_alloc&) {  // NOLINT(bugprone-empty-catch): a process without memory has no time for this
  }
}

}  // namespace pintle
